package chat.parley.account;

import chat.parley.id.SessionId;
import chat.parley.postgres.Postgres;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/** Login sessions. Safe for use by many threads. */
public final class Sessions {
    private static final String ALIVE_AMONG = """
            SELECT id FROM session
            WHERE id = ANY(:ids) AND ended_at IS NULL
            """;

    private final Postgres postgres;

    /** @param postgres where the sessions are */
    public Sessions(Postgres postgres) {
        this.postgres = postgres;
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
        Long[] ids = sessions.stream().map(SessionId::value).toArray(Long[]::new);
        var ended = new HashSet<>(sessions);
        postgres.<Void, RuntimeException>with(db -> {
            db.createQuery(ALIVE_AMONG)
                    .bindArray("ids", Long.class, (Object[]) ids)
                    .mapTo(Long.class)
                    .forEach(id -> ended.remove(new SessionId(id)));
            return null;
        });
        return ended;
    }
}
