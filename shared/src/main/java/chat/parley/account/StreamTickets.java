package chat.parley.account;

import static chat.parley.account.Users.instant;
import static chat.parley.account.Users.utc;

import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import chat.parley.ops.Secret;
import chat.parley.postgres.Postgres;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Tickets for browsers' {@code EventSource}, which cannot set a header. A ticket must be used within {@link #FIRST_USE_WITHIN}; from then on it
 * names a stream session, so that the browser's own reconnects work until the login session ends.
 */
public final class StreamTickets {
    /** An address may be logged by a proxy; after this time an unused ticket found there opens nothing. */
    public static final Duration FIRST_USE_WITHIN = Duration.ofSeconds(30);

    /** Tickets of one person at a time; the oldest makes room. Each reload of a page takes a new one. */
    private static final int PER_USER_MAX = 200;

    private static final String INSERT = """
            INSERT INTO stream_ticket (hash, user_id, session_id, valid_until, created_at)
            VALUES (:hash, :user, :session, :valid_until, :now)
            """;
    private static final String MAKE_ROOM = """
            DELETE FROM stream_ticket
            WHERE hash IN (SELECT hash FROM stream_ticket WHERE user_id = :user ORDER BY created_at DESC OFFSET :kept)
            """;
    private static final String READ = """
            SELECT user_id, session_id, valid_until, created_at, used_at IS NOT NULL AS is_used FROM stream_ticket
            WHERE hash = :hash
            """;
    private static final String USE = """
            UPDATE stream_ticket SET used_at = :now
            WHERE hash = :hash AND used_at IS NULL
            """;

    private final Postgres postgres;
    private final InstantSource clock;
    private final OpaqueSecrets secrets;

    StreamTickets(Postgres postgres, InstantSource clock, OpaqueSecrets secrets) {
        this.postgres = postgres;
        this.clock = clock;
        this.secrets = secrets;
    }

    /** A ticket for {@code caller}, as good as their session, or without one as their token. */
    public Secret make(Caller caller) {
        Secret ticket = secrets.fresh();
        var session = caller.session();
        postgres.inTransaction(db -> {
            db.createUpdate(INSERT)
                    .bind("hash", OpaqueSecrets.hash(ticket.reveal()))
                    .bind("user", caller.user().value())
                    .bind("session", session == null ? null : session.value())
                    .bind("valid_until", session == null ? utc(caller.until()) : null)
                    .bind("now", utc(clock.instant()))
                    .execute();
            return db.createUpdate(MAKE_ROOM)
                    .bind("user", caller.user().value())
                    .bind("kept", PER_USER_MAX)
                    .execute();
        });
        return ticket;
    }

    /** Whom a ticket speaks for; {@code validUntil} is null where the session decides. */
    record Holder(
            UserId user,
            @Nullable SessionId session,
            @Nullable Instant validUntil) {}

    /** The holder of {@code ticket}, which is used from now on; empty if there is none or its first use comes too late. */
    Optional<Holder> use(String ticket) {
        byte[] hash = OpaqueSecrets.hash(ticket);
        Instant now = clock.instant();
        return postgres.with(db -> {
            var stored = db.createQuery(READ)
                    .bind("hash", hash)
                    .map((row, context) -> Stored.of(row))
                    .findOne();
            if (stored.isEmpty() || stored.get().isUsed()) {
                return stored.map(Stored::holder);
            }
            if (!now.isBefore(stored.get().createdAt().plus(FIRST_USE_WITHIN))) {
                return Optional.empty();
            }
            db.createUpdate(USE).bind("hash", hash).bind("now", utc(now)).execute();
            return stored.map(Stored::holder);
        });
    }

    private record Stored(Holder holder, Instant createdAt, boolean isUsed) {
        static Stored of(ResultSet row) throws SQLException {
            long session = row.getLong("session_id");
            var holder = new Holder(
                    new UserId(row.getLong("user_id")),
                    session == 0 ? null : new SessionId(session),
                    row.getTimestamp("valid_until") == null ? null : instant(row, "valid_until"));
            return new Stored(holder, instant(row, "created_at"), row.getBoolean("is_used"));
        }
    }
}
