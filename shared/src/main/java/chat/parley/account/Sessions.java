package chat.parley.account;

import static chat.parley.account.Users.instant;
import static chat.parley.account.Users.utc;

import chat.parley.id.IdSource;
import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import chat.parley.ops.Secret;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import com.github.benmanes.caffeine.cache.Ticker;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Login sessions. Safe for use by many threads; throws {@link chat.parley.ops.StoreUnavailable} when the outcome is unknown.
 *
 * <p>Telling a user's stream nodes that a session ended is the caller's part: this class only stores.
 */
public final class Sessions {
    /** A session that nobody used for this long is over. */
    static final Duration LIFE = Duration.ofDays(30);

    /** Use is written down this often at most, else every request would be a write. */
    private static final Duration TOUCH_AFTER = Duration.ofMinutes(10);

    /** Sessions of one person at a time; the least recently used one makes room. A loop of logins must not fill the table. */
    static final int PER_USER_MAX = 100;

    /** Longest user agent kept: enough to tell "Firefox on Android" from the rest. */
    private static final int USER_AGENT_CHARS_MAX = 200;

    /** 43 characters each, see {@link OpaqueSecrets#fresh}: first what all refresh tokens of a session share, then the one in force. */
    private static final int REFRESH_TOKEN_CHARS = 86;

    private static final int ID_TRIES = 5;

    private static final String INSERT = """
            INSERT INTO session (id, user_id, family_hash, refresh_hash, cookie_hash, user_agent, created_at, last_used_at, expires_at)
            SELECT :id, id, :family, :refresh, :cookie, :user_agent, :now, :now, :expires_at
            FROM users WHERE id = :user AND erased_at IS NULL FOR KEY SHARE
            ON CONFLICT (id) DO NOTHING
            """;
    private static final String PUSH_OUT = """
            UPDATE session SET ended_at = clock_timestamp()
            WHERE id IN (SELECT id FROM session WHERE user_id = :user AND ended_at IS NULL AND id <> :newest
                         ORDER BY last_used_at DESC OFFSET :kept)
            RETURNING id
            """;
    // One statement: of two that present the same token at once, the second waits for the row and then finds another
    // hash.
    private static final String ROTATE = """
            UPDATE session SET refresh_hash = :next, last_used_at = :now, expires_at = :expires_at
            WHERE family_hash = :family AND refresh_hash = :given AND ended_at IS NULL AND expires_at > :now
            RETURNING id, user_id
            """;
    private static final String END_FAMILY = """
            UPDATE session SET ended_at = clock_timestamp()
            WHERE family_hash = :family AND ended_at IS NULL AND expires_at > :now
            RETURNING id, user_id
            """;
    private static final String END = """
            UPDATE session SET ended_at = clock_timestamp()
            WHERE id = :id AND user_id = :user AND ended_at IS NULL AND expires_at > :now
            """;
    private static final String OF_USER = """
            SELECT id, created_at, last_used_at, user_agent FROM session
            WHERE user_id = :user AND ended_at IS NULL AND expires_at > :now
            ORDER BY last_used_at DESC, id DESC LIMIT :limit
            """;
    private static final String ALIVE_AMONG = """
            SELECT id FROM session
            WHERE id = ANY(:ids) AND ended_at IS NULL AND expires_at > :now
            """;
    private static final String READ = """
            SELECT id, user_id, expires_at, last_used_at, ended_at IS NOT NULL AS has_ended FROM session
            WHERE\s""";
    private static final String TOUCH = """
            UPDATE session SET last_used_at = :now, expires_at = :expires_at
            WHERE id = :id AND ended_at IS NULL AND last_used_at < :now
            """;
    private static final String ENDED_LATELY = """
            SELECT id FROM session
            WHERE ended_at > clock_timestamp() - make_interval(secs => :seconds)
            """;
    private static final String ERASED_LATELY = """
            SELECT id FROM users
            WHERE erased_at > clock_timestamp() - make_interval(secs => :seconds)
            """;
    private static final String IS_PERSON = "SELECT EXISTS (SELECT FROM users WHERE id = :user AND erased_at IS NULL)";

    private final Postgres postgres;
    private final IdSource ids;
    private final InstantSource clock;
    private final OpaqueSecrets secrets;
    private final LiveSessions live;

    Sessions(Postgres postgres, IdSource ids, InstantSource clock, Ticker ticker, OpaqueSecrets secrets) {
        this.postgres = postgres;
        this.ids = ids;
        this.clock = clock;
        this.secrets = secrets;
        this.live = new LiveSessions(this, clock, ticker);
    }

    /** Opens a session; {@code withCookie} for browsers. */
    public OpenedSession open(UserId user, @Nullable String userAgent, boolean withCookie) {
        Secret family = secrets.fresh();
        Secret refresh = secrets.fresh();
        Secret cookie = withCookie ? secrets.fresh() : null;
        Instant now = clock.instant();
        for (int tries = 0; tries < ID_TRIES; tries++) {
            var id = ids.session();
            var pushedOut = postgres.inTransaction(db -> {
                boolean isStored = db.createUpdate(INSERT)
                                .bind("id", id.value())
                                .bind("user", user.value())
                                .bind("family", OpaqueSecrets.hash(family.reveal()))
                                .bind("refresh", OpaqueSecrets.hash(refresh.reveal()))
                                .bind("cookie", cookie == null ? null : OpaqueSecrets.hash(cookie.reveal()))
                                .bind("user_agent", readable(userAgent))
                                .bind("now", utc(now))
                                .bind("expires_at", utc(now.plus(LIFE)))
                                .execute()
                        == 1;
                return isStored ? Optional.of(pushOut(db, user, id)) : Optional.<List<SessionId>>empty();
            });
            if (pushedOut.isPresent()) {
                pushedOut.get().forEach(this::forget);
                var token = new Secret(family.reveal() + refresh.reveal());
                return new OpenedSession(id, user, token, cookie, pushedOut.get());
            }
        }
        if (!isPerson(user)) {
            // Erased since the password was compared: a repeated login will not find the name.
            throw new StoreUnavailable("accounts", new IllegalStateException("erased meanwhile"));
        }
        throw new IllegalStateException("no free session id in " + ID_TRIES + " tries");
    }

    /** Exchanges a refresh token for the next one. Any earlier one of the session ends it. */
    public Refresh refresh(String token) {
        if (token.length() != REFRESH_TOKEN_CHARS) {
            return new Refresh.Unknown();
        }
        byte[] family = OpaqueSecrets.hash(token.substring(0, REFRESH_TOKEN_CHARS / 2));
        byte[] given = OpaqueSecrets.hash(token.substring(REFRESH_TOKEN_CHARS / 2));
        Secret next = secrets.fresh();
        Instant now = clock.instant();
        var rotated = postgres.with(db -> db.createQuery(ROTATE)
                .bind("family", family)
                .bind("given", given)
                .bind("next", OpaqueSecrets.hash(next.reveal()))
                .bind("now", utc(now))
                .bind("expires_at", utc(now.plus(LIFE)))
                .map((row, context) -> new Refresh.Rotated(
                        new SessionId(row.getLong("id")),
                        new UserId(row.getLong("user_id")),
                        new Secret(token.substring(0, REFRESH_TOKEN_CHARS / 2) + next.reveal())))
                .findOne());
        if (rotated.isPresent()) {
            forget(rotated.get().session()); // its end has moved
            return rotated.get();
        }
        var ended = postgres.with(db -> db.createQuery(END_FAMILY)
                .bind("family", family)
                .bind("now", utc(now))
                .map((row, context) ->
                        new Refresh.Reused(new SessionId(row.getLong("id")), new UserId(row.getLong("user_id"))))
                .findOne());
        ended.ifPresent(reused -> forget(reused.session()));
        return ended.isPresent() ? ended.get() : new Refresh.Unknown();
    }

    /** The person's sessions in force, the last used one first. */
    public List<SessionInfo> of(UserId user) {
        return postgres.with(db -> db.createQuery(OF_USER)
                .bind("user", user.value())
                .bind("now", utc(clock.instant()))
                .bind("limit", PER_USER_MAX + 1)
                .map((row, context) -> new SessionInfo(
                        new SessionId(row.getLong("id")),
                        instant(row, "created_at"),
                        instant(row, "last_used_at"),
                        row.getString("user_agent")))
                .list());
    }

    /** Ends one; false if {@code user} has no such session in force. */
    public boolean end(UserId user, SessionId session) {
        int ended = postgres.with(db -> db.createUpdate(END)
                .bind("id", session.value())
                .bind("user", user.value())
                .bind("now", utc(clock.instant()))
                .execute());
        if (ended == 1) {
            forget(session);
        }
        return ended == 1;
    }

    /**
     * Those of {@code sessions} that have ended, or never were. Asks PostgreSQL each time, in one statement.
     *
     * @param sessions at most some thousands
     */
    public Set<SessionId> endedAmong(Collection<SessionId> sessions) {
        if (sessions.isEmpty()) {
            return Set.of();
        }
        Long[] values = sessions.stream().map(SessionId::value).toArray(Long[]::new);
        var ended = new HashSet<>(sessions);
        var alive = postgres.with(db -> db.createQuery(ALIVE_AMONG)
                .bindArray("ids", Long.class, (Object[]) values)
                .bind("now", utc(clock.instant()))
                .map((row, context) -> new SessionId(row.getLong("id")))
                .list());
        alive.forEach(ended::remove);
        return ended;
    }

    /** Drops what this process remembers of {@code session}, because someone told that it ended; the next request asks PostgreSQL. */
    public void forget(SessionId session) {
        live.forget(session);
    }

    LiveSessions live() {
        return live;
    }

    /** The session, written down as used when it was not lately. */
    Optional<SessionRow> readAndTouch(SessionId id) {
        return postgres.with(db -> touched(
                db,
                db.createQuery(READ + "id = :id")
                        .bind("id", id.value())
                        .map((row, context) -> Stored.of(row))
                        .findOne()));
    }

    /** Like {@link #readAndTouch(SessionId)}, by the cookie. */
    Optional<SessionRow> readByCookie(byte[] cookieHash) {
        return postgres.with(db -> touched(
                db,
                db.createQuery(READ + "cookie_hash = :hash")
                        .bind("hash", cookieHash)
                        .map((row, context) -> Stored.of(row))
                        .findOne()));
    }

    /** Sessions that ended within {@code window}, by the database's clock. */
    List<SessionId> endedWithin(Duration window) {
        return postgres.with(db -> db.createQuery(ENDED_LATELY)
                .bind("seconds", window.toSeconds())
                .map((row, context) -> new SessionId(row.getLong("id")))
                .list());
    }

    /** People who were erased within {@code window}, by the database's clock. */
    Set<UserId> erasedWithin(Duration window) {
        return postgres.with(db -> new HashSet<>(db.createQuery(ERASED_LATELY)
                .bind("seconds", window.toSeconds())
                .map((row, context) -> new UserId(row.getLong("id")))
                .list()));
    }

    /** Whether there is such a person. Asks PostgreSQL. */
    boolean isPerson(UserId user) {
        return postgres.with(db -> db.createQuery(IS_PERSON)
                .bind("user", user.value())
                .mapTo(Boolean.class)
                .one());
    }

    private record Stored(SessionRow session, Instant lastUsedAt) {
        static Stored of(ResultSet row) throws SQLException {
            var session = new SessionRow(
                    new SessionId(row.getLong("id")),
                    new UserId(row.getLong("user_id")),
                    instant(row, "expires_at"),
                    row.getBoolean("has_ended"));
            return new Stored(session, instant(row, "last_used_at"));
        }
    }

    private Optional<SessionRow> touched(Handle db, Optional<Stored> stored) {
        Instant now = clock.instant();
        if (stored.isEmpty()
                || !stored.get().session().isInForceAt(now)
                || now.isBefore(stored.get().lastUsedAt().plus(TOUCH_AFTER))) {
            return stored.map(Stored::session);
        }
        var session = stored.get().session();
        Instant expiresAt = now.plus(LIFE);
        int touched = db.createUpdate(TOUCH)
                .bind("id", session.id().value())
                .bind("now", utc(now))
                .bind("expires_at", utc(expiresAt))
                .execute();
        return Optional.of(touched == 1 ? new SessionRow(session.id(), session.user(), expiresAt, false) : session);
    }

    private static List<SessionId> pushOut(Handle db, UserId user, SessionId newest) {
        return db.createQuery(PUSH_OUT)
                .bind("user", user.value())
                .bind("newest", newest.value())
                .bind("kept", PER_USER_MAX - 1)
                .map((row, context) -> new SessionId(row.getLong("id")))
                .list();
    }

    /** One short line, since it is shown in lists and may come from anybody. */
    private static @Nullable String readable(@Nullable String userAgent) {
        if (userAgent == null) {
            return null;
        }
        String line = userAgent.replaceAll("[\\p{Cntrl}\\p{Cs}]", " ").strip();
        return line.isEmpty() ? null : line.substring(0, Math.min(line.length(), USER_AGENT_CHARS_MAX));
    }
}
