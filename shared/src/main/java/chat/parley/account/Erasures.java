package chat.parley.account;

import static chat.parley.account.Users.utc;

import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import chat.parley.postgres.Postgres;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Erasures of accounts: the request, which takes effect at once, and the list of those who have left traces that are still to be removed. Safe for
 * use by many threads; throws {@link chat.parley.ops.StoreUnavailable} when the outcome is unknown.
 */
public final class Erasures {
    /** How long tokens of outside issuers from before an erasure are known for that: longer than such tokens commonly live. */
    static final Duration SUBJECTS_KEPT = Duration.ofHours(1);

    // One statement a table, all in one transaction. The name's unique index makes this the strongest lock of the row:
    // a login under way either
    // has its session deleted here or finds nobody to open it for.
    private static final String ANONYMISE = """
            UPDATE users
            SET username = NULL, display_name = '', search_name = '', password_hash = NULL, sign_up_key_hash = NULL, avatar_media_id = NULL,
                erased_at = clock_timestamp()
            WHERE id = :user AND erased_at IS NULL
            """;
    private static final String REMEMBER_SUBJECTS = """
            INSERT INTO erased_subject (hash, erased_at)
            SELECT sha256(convert_to(issuer || E'\\n' || subject, 'UTF8')), :now FROM identity WHERE user_id = :user
            ON CONFLICT (hash) DO UPDATE SET erased_at = excluded.erased_at
            """;
    private static final String DELETE_IDENTITIES = "DELETE FROM identity WHERE user_id = :user";
    private static final String DELETE_TICKETS = "DELETE FROM stream_ticket WHERE user_id = :user";
    private static final String DELETE_SESSIONS = "DELETE FROM session WHERE user_id = :user RETURNING id";
    private static final String OPEN = "INSERT INTO erasure (user_id, requested_at) VALUES (:user, :now)";

    private static final String LIST = """
            SELECT user_id, requested_at FROM erasure WHERE user_id > :after ORDER BY user_id LIMIT :limit
            """;
    private static final String FINISH = "DELETE FROM erasure WHERE user_id = :user";
    private static final String FORGET_SUBJECTS = "DELETE FROM erased_subject WHERE erased_at < :before";
    private static final String BACKLOG = "SELECT count(*) AS people, min(requested_at) AS oldest FROM erasure";

    private final Postgres postgres;
    private final InstantSource clock;
    private final LiveSessions live;

    Erasures(Postgres postgres, InstantSource clock, LiveSessions live) {
        this.postgres = postgres;
        this.clock = clock;
        this.live = live;
    }

    /** Somebody whose traces are being removed. */
    public record Erasure(UserId user, Instant requestedAt) {}

    /** How much is under way. {@code oldest} is null where nothing is. */
    public record Backlog(long people, @Nullable Instant oldest) {}

    /**
     * From now on there is no such person: no name, no way to log in, no session, ticket or token in force. The rest follows by {@link #open}.
     *
     * @return the sessions that were deleted, whose streams are to be told; empty if there is no such person
     */
    public Optional<List<SessionId>> begin(UserId user) {
        Instant now = clock.instant();
        var sessions = postgres.inTransaction(db -> {
            if (of(db, ANONYMISE, user).isEmpty()) {
                return Optional.<List<SessionId>>empty();
            }
            db.createUpdate(REMEMBER_SUBJECTS)
                    .bind("user", user.value())
                    .bind("now", utc(now))
                    .execute();
            of(db, DELETE_IDENTITIES, user);
            return Optional.of(endSessions(db, user, now));
        });
        live.forget(user);
        return sessions;
    }

    private static List<SessionId> endSessions(Handle db, UserId user, Instant now) {
        of(db, DELETE_TICKETS, user);
        var sessions = db.createQuery(DELETE_SESSIONS)
                .bind("user", user.value())
                .map((row, context) -> new SessionId(row.getLong("id")))
                .list();
        db.createUpdate(OPEN).bind("user", user.value()).bind("now", utc(now)).execute();
        return sessions;
    }

    /** Those under way, by id, after this one; at most {@code limit}. */
    public List<Erasure> open(UserId after, int limit) {
        return postgres.with(db -> db.createQuery(LIST)
                .bind("after", after.value())
                .bind("limit", limit)
                .map((row, context) ->
                        new Erasure(new UserId(row.getLong("user_id")), Users.instant(row, "requested_at")))
                .list());
    }

    /** Nothing is left of this person. */
    public void finish(UserId user) {
        postgres.<Optional<Integer>, RuntimeException>with(db -> of(db, FINISH, user));
    }

    /** What the accounts themselves may have got since: an outside token may have drawn a ticket just before it was refused. */
    public void sweep(UserId user) {
        postgres.<Optional<Integer>, RuntimeException>with(db -> of(db, DELETE_TICKETS, user));
    }

    /** Drops what is remembered of outside issuers' subjects longer than it is needed. */
    public void forgetSubjects() {
        postgres.<Integer, RuntimeException>with(db -> db.createUpdate(FORGET_SUBJECTS)
                .bind("before", utc(clock.instant().minus(SUBJECTS_KEPT)))
                .execute());
    }

    /** How many are under way, and since when. */
    public Backlog backlog() {
        return postgres.with(db -> db.createQuery(BACKLOG)
                .map((row, context) -> {
                    var oldest = row.getObject("oldest", OffsetDateTime.class);
                    return new Backlog(row.getLong("people"), oldest == null ? null : oldest.toInstant());
                })
                .one());
    }

    /** The number of rows; empty for none. */
    private static Optional<Integer> of(Handle db, String statement, UserId user) {
        int rows = db.createUpdate(statement).bind("user", user.value()).execute();
        return rows == 0 ? Optional.empty() : Optional.of(rows);
    }
}
