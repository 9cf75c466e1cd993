package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageStore.Overdue;
import chat.parley.message.RosterVersions.Moved;
import chat.parley.ops.StoreUnavailable;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * What may be stored and neither published nor noted in the rows of conversations, by conversation and some seconds: a row is written before the first message and deleted
 * when all that followed is. A row that stays tells a relay where to look; an outbox row for each message cannot be had, since a batch spans one partition only and
 * nobody could find it there.
 */
final class CassandraIntents {
    /** All that begins within this time shares a row. */
    private static final Duration SHARED = Duration.ofSeconds(5);

    /** What is younger is still at work: it is added to for {@link #SHARED}, a send takes up to 5 s, publishing 2 s and noting 1 s. */
    private static final Duration OVERDUE_AFTER = Duration.ofSeconds(15);

    /** What is older than this and still here is the relay's, wherever that runs. */
    private static final Duration KEPT = Duration.ofMinutes(1);

    /** How much earlier than its row something may be dated: a change takes its time before it notes what it is about to do. */
    private static final Duration EARLIER = Duration.ofSeconds(6);

    /** How much earlier than now a row may be dated by another node's clock. */
    private static final Duration CLOCKS = Duration.ofMinutes(1);

    /** Partitions of the table: a relay reads all of them. */
    private static final int SHARDS = 16;

    /** Conversations noted by one statement. */
    private static final int NOTED_AT_ONCE = 1_000;

    private final Cassandra cassandra;
    private final RosterVersions rows;
    private final InstantSource clock;
    private final PreparedStatement insert;
    private final PreparedStatement delete;
    private final PreparedStatement list;
    private final ConcurrentHashMap<ConversationId, Intent> open = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Long, Intent> byId = new ConcurrentHashMap<>();

    private volatile boolean closing;

    /** No row before it is left, as far as this node saw. */
    private Instant floor = Instant.EPOCH;

    private static final class Intent {
        final long id = 1 + ThreadLocalRandom.current().nextLong(Long.MAX_VALUE - 1);
        final ConversationId conversation;
        final Instant begunAt;
        int working;
        long unpublished;
        boolean isUnknown;
        boolean isOver;

        /** What is new since it was noted last. */
        @Nullable
        MessageHead head;

        @Nullable
        Instant changedAt;

        final Map<UserId, Long> senders = new HashMap<>();

        Intent(ConversationId conversation, Instant begunAt) {
            this.conversation = conversation;
            this.begunAt = begunAt;
        }

        boolean hasNews() {
            return head != null || changedAt != null;
        }
    }

    CassandraIntents(Cassandra cassandra, RosterVersions rows, InstantSource clock) {
        this.cassandra = cassandra;
        this.rows = rows;
        this.clock = clock;
        this.insert =
                cassandra.prepareRead("INSERT INTO intent (shard, begun_at, id, conversation_id) VALUES (?, ?, ?, ?)");
        this.delete = cassandra.prepareRead("DELETE FROM intent WHERE shard = ? AND begun_at = ? AND id = ?");
        this.list = cassandra.prepareRead("""
                SELECT id, conversation_id, begun_at FROM intent WHERE shard = ? AND begun_at >= ? AND begun_at < ? LIMIT ?""");
    }

    /** How many this node has open. */
    int count() {
        return byId.size();
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
        cassandra.execute(insert.bind(shard(fresh.id), now, fresh.id, conversation.value()));
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

    /** This message was stored; to be called before {@link #ended}. */
    void stored(long id, Message message) {
        var intent = byId.get(id);
        if (intent != null) {
            synchronized (intent) {
                if (intent.head == null || intent.head.lastSeq() < message.seq()) {
                    intent.head = new MessageHead(message.seq(), message.createdAt());
                }
                intent.senders.merge(message.sender(), message.seq(), Math::max);
            }
        }
    }

    /** Messages changed; to be called before {@link #ended}. */
    void changed(long id, Instant at) {
        var intent = byId.get(id);
        if (intent != null) {
            synchronized (intent) {
                intent.changedAt = intent.changedAt == null || intent.changedAt.isBefore(at) ? at : intent.changedAt;
            }
        }
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

    /** Nothing begins any more: rows need not stay open for what would follow. What is published later still deletes its row. */
    void close() {
        closing = true;
        try {
            note();
        } finally {
            sweep();
        }
    }

    /**
     * Deletes the rows of what is over, published and noted, and forgets what is older than {@link #KEPT}, whose rows stay for the relay. To be called every
     * second or so.
     */
    void sweep() {
        var now = clock.instant();
        for (var intent : byId.values()) {
            synchronized (intent) {
                intent.isOver |= closing || !now.isBefore(intent.begunAt.plus(SHARED));
            }
            removeIfDone(intent);
            if (!now.isBefore(intent.begunAt.plus(KEPT))) {
                byId.remove(intent.id, intent);
                open.remove(intent.conversation, intent);
            }
        }
    }

    /**
     * Notes in the rows of conversations what is new, by one statement for all. To be called every second or so: however many messages come in meanwhile, each
     * conversation is written once.
     *
     * @throws StoreUnavailable when the rows are away: then it is noted later
     */
    synchronized void note() {
        var taken = new ArrayList<Intent>();
        var news = new ArrayList<Moved>();
        for (var intent : byId.values()) {
            synchronized (intent) {
                if (intent.hasNews()) {
                    taken.add(intent);
                    news.add(new Moved(intent.conversation, intent.head, intent.changedAt, Map.copyOf(intent.senders)));
                }
            }
        }
        for (int from = 0; from < news.size(); from += NOTED_AT_ONCE) {
            int to = Math.min(news.size(), from + NOTED_AT_ONCE);
            var held = rows.note(merged(news.subList(from, to)));
            for (int i = from; i < to; i++) {
                if (!held.contains(news.get(i).conversation())) {
                    noted(taken.get(i), news.get(i));
                }
            }
        }
    }

    /** One for each conversation: a statement changes a row only once. */
    private static Collection<Moved> merged(List<Moved> news) {
        var merged = new HashMap<ConversationId, Moved>();
        for (var each : news) {
            merged.merge(each.conversation(), each, CassandraIntents::both);
        }
        return merged.values();
    }

    private static Moved both(Moved a, Moved b) {
        var senders = new HashMap<>(a.senders());
        b.senders().forEach((sender, seq) -> senders.merge(sender, seq, Math::max));
        boolean bIsNewer = a.head() == null
                || (b.head() != null && b.head().lastSeq() > a.head().lastSeq());
        return new Moved(
                a.conversation(), bIsNewer ? b.head() : a.head(), later(a.changedAt(), b.changedAt()), senders);
    }

    private static @Nullable Instant later(@Nullable Instant a, @Nullable Instant b) {
        return a == null || (b != null && b.isAfter(a)) ? b : a;
    }

    private void noted(Intent intent, Moved news) {
        synchronized (intent) {
            if (Objects.equals(intent.head, news.head())) { // nothing newer came meanwhile
                intent.head = null;
                intent.senders.clear();
            }
            if (Objects.equals(intent.changedAt, news.changedAt())) {
                intent.changedAt = null;
            }
        }
        removeIfDone(intent);
    }

    private void removeIfDone(Intent intent) {
        synchronized (intent) {
            boolean isOpen = !intent.isOver || intent.working > 0 || intent.hasNews();
            if (isOpen || (intent.unpublished > 0 && !intent.isUnknown)) {
                return;
            }
        }
        if (byId.remove(intent.id) != null) {
            open.remove(intent.conversation, intent);
            if (!intent.isUnknown) {
                // Not waited for: a row that stays costs the relay one look.
                var ignored =
                        cassandra.session().executeAsync(delete.bind(shard(intent.id), intent.begunAt, intent.id));
                assert ignored != null;
            }
        }
    }

    /** Rows of all nodes that nobody is at work on any more, oldest first; of each partition its oldest ones, at most {@code limit} in all. */
    synchronized List<Overdue> overdue(Instant now, int limit) {
        var before = now.minus(OVERDUE_AFTER);
        var found = new ArrayList<Overdue>();
        var first = before.minus(CLOCKS);
        for (short shard = 0; shard < SHARDS; shard++) {
            for (var row : cassandra.execute(list.bind(shard, floor, before, limit / SHARDS))) {
                var begun = row.getInstant("begun_at");
                if (begun != null) {
                    found.add(new Overdue(
                            new ConversationId(row.getLong("conversation_id")),
                            begun.minus(EARLIER),
                            new Reminder(row.getLong("id"))));
                    first = begun.isBefore(first) ? begun : first;
                }
            }
        }
        floor = first;
        found.sort(Comparator.comparing(Overdue::since));
        return List.copyOf(found);
    }

    /** All that these tell of is published and noted. */
    void settled(Collection<Overdue> overdue) {
        var deletes = new ArrayList<BoundStatement>();
        for (var each : overdue) {
            long id = each.reminder().value();
            deletes.add(delete.bind(shard(id), each.since().plus(EARLIER), id));
            byId.remove(id);
        }
        cassandra.executeAll(deletes);
    }

    private static short shard(long id) {
        return (short) (id % SHARDS);
    }
}
