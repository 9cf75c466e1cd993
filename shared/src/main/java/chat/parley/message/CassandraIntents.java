package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What may be stored and not yet published, by conversation and some seconds: a row is written before the first message and deleted when all that followed is published. A
 * row that stays tells a relay where to look; an outbox row for each message cannot be had, since a batch spans one partition only and nobody could find it there.
 */
final class CassandraIntents {
    /** All that begins within this time shares a row. */
    private static final Duration SHARED = Duration.ofSeconds(5);

    /** Partitions of the table: a relay reads all of them. */
    private static final int SHARDS = 16;

    private final Cassandra cassandra;
    private final InstantSource clock;
    private final PreparedStatement insert;
    private final PreparedStatement delete;
    private final PreparedStatement list;
    private final ConcurrentHashMap<ConversationId, Intent> open = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Long, Intent> byId = new ConcurrentHashMap<>();

    /** A row: what a relay finds. */
    record Row(long id, ConversationId conversation, Instant begunAt) {}

    private static final class Intent {
        final long id = 1 + ThreadLocalRandom.current().nextLong(Long.MAX_VALUE - 1);
        final ConversationId conversation;
        final Instant begunAt;
        int working;
        long unpublished;
        boolean isUnknown;
        boolean isOver;

        Intent(ConversationId conversation, Instant begunAt) {
            this.conversation = conversation;
            this.begunAt = begunAt;
        }
    }

    CassandraIntents(Cassandra cassandra, InstantSource clock) {
        this.cassandra = cassandra;
        this.clock = clock;
        this.insert =
                cassandra.prepareRead("INSERT INTO intent (shard, id, conversation_id, begun_at) VALUES (?, ?, ?, ?)");
        this.delete = cassandra.prepareRead("DELETE FROM intent WHERE shard = ? AND id = ?");
        this.list = cassandra.prepareRead("SELECT id, conversation_id, begun_at FROM intent WHERE shard = ?");
    }

    /** Returns when it is remembered that something is about to be stored. Each call needs one of {@link #ended}. */
    long begin(ConversationId conversation) {
        var now = clock.instant();
        var intent = open.get(conversation);
        if (intent != null) {
            synchronized (intent) {
                if (!intent.isOver && now.isBefore(intent.begunAt.plus(SHARED)) && !now.isBefore(intent.begunAt)) {
                    intent.working++;
                    return intent.id;
                }
                intent.isOver = true;
            }
            removeIfDone(intent);
        }
        var fresh = new Intent(conversation, now);
        fresh.working = 1;
        cassandra.execute(insert.bind(shard(fresh.id), fresh.id, conversation.value(), now));
        byId.put(fresh.id, fresh);
        var other = open.put(conversation, fresh);
        if (other != null && other != intent) {
            synchronized (other) {
                other.isOver = true;
            }
            removeIfDone(other);
        }
        return fresh.id;
    }

    /**
     * So many were stored and are to be published.
     *
     * @param isUnknown there may be more of them, or may be yet: the row stays for the relay
     */
    void ended(long id, int stored, boolean isUnknown) {
        change(id, -1, stored, isUnknown);
    }

    /** These were published, once for each. */
    void done(Collection<Long> ids) {
        ids.forEach(id -> change(id, 0, -1, false));
    }

    private void change(long id, int working, int unpublished, boolean isUnknown) {
        var intent = byId.get(id);
        if (intent == null) {
            return;
        }
        synchronized (intent) {
            intent.working += working;
            intent.unpublished += unpublished;
            intent.isUnknown |= isUnknown;
        }
        removeIfDone(intent);
    }

    /** Deletes the rows of what is over and published. To be called now and then. */
    void sweep() {
        var now = clock.instant();
        for (var intent : byId.values()) {
            synchronized (intent) {
                intent.isOver |= !now.isBefore(intent.begunAt.plus(SHARED));
            }
            removeIfDone(intent);
        }
    }

    private void removeIfDone(Intent intent) {
        synchronized (intent) {
            if (!intent.isOver || intent.working > 0 || (intent.unpublished > 0 && !intent.isUnknown)) {
                return;
            }
        }
        if (byId.remove(intent.id) != null) {
            open.remove(intent.conversation, intent);
            if (!intent.isUnknown) {
                // Not waited for: a row that stays costs the relay one look.
                cassandra.session().executeAsync(delete.bind(shard(intent.id), intent.id));
            }
        }
    }

    /** Rows begun before {@code before}, of all nodes. */
    List<Row> overdue(Instant before) {
        var rows = new ArrayList<Row>();
        for (short shard = 0; shard < SHARDS; shard++) {
            for (var row : cassandra.execute(list.bind(shard))) {
                var begun = row.getInstant("begun_at");
                if (begun != null && begun.isBefore(before)) {
                    rows.add(new Row(row.getLong("id"), new ConversationId(row.getLong("conversation_id")), begun));
                }
            }
        }
        return rows;
    }

    private static short shard(long id) {
        return (short) (id % SHARDS);
    }
}
