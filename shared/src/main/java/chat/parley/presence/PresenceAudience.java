package chat.parley.presence;

import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import chat.parley.safety.Blocks;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who may see whom: the one place for it, and so the place for blocks. Asks PostgreSQL. Safe for use by many threads; methods throw
 * {@link StoreUnavailable}.
 */
public final class PresenceAudience {
    /** Peers told of one change, last active first: more than anyone's screen shows, and a bound for who writes to everybody. */
    static final int PEERS_MAX = 500;

    private static final String PEERS = """
            SELECT wanted.id AS user_id, peer.user_id AS peer_id
            FROM unnest(:users) AS wanted (id)
            CROSS JOIN LATERAL (
                SELECT CASE WHEN c.direct_low = wanted.id THEN c.direct_high ELSE c.direct_low END AS user_id
                FROM member m JOIN conversation c ON c.id = m.conversation_id
                WHERE m.user_id = wanted.id AND m.left_at IS NULL AND c.type = 'direct'
                ORDER BY c.last_at DESC, c.id DESC
                LIMIT :limit) peer
            WHERE peer.user_id <> wanted.id AND NOT EXISTS (
                SELECT FROM block b
                WHERE (b.blocker_id = wanted.id AND b.blocked_id = peer.user_id)
                   OR (b.blocker_id = peer.user_id AND b.blocked_id = wanted.id))
            """;

    private final Postgres postgres;

    /** @param postgres closed by the caller */
    public PresenceAudience(Postgres postgres) {
        this.postgres = postgres;
    }

    /** Whom to tell when {@code users} come and go: the other ones of their direct conversations, where neither blocks the other. One query for all. */
    public Map<UserId, List<UserId>> peers(Collection<UserId> users) {
        Object[] ids = users.stream().map(UserId::value).toArray();
        return postgres.with(db -> {
            var peers = new HashMap<UserId, List<UserId>>();
            db.createQuery(PEERS)
                    .bind(
                            "users",
                            (position, statement, context) -> statement.setArray(
                                    position, statement.getConnection().createArrayOf("bigint", ids)))
                    .bind("limit", PEERS_MAX)
                    .map((row, context) -> peers.computeIfAbsent(
                                    new UserId(row.getLong("user_id")), unused -> new ArrayList<>())
                            .add(new UserId(row.getLong("peer_id"))))
                    .list();
            return peers;
        });
    }

    /** Those of {@code users} whose presence {@code viewer} may see; the others appear as if nothing were known of them. */
    public Set<UserId> visibleTo(UserId viewer, Collection<UserId> users) {
        var visible = new HashSet<>(users);
        visible.removeAll(Blocks.among(postgres, viewer, users));
        return visible;
    }
}
