package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.AppendWriter.Draft;
import chat.parley.message.RosterVersions.Moved;
import chat.parley.ops.Rounds;
import chat.parley.ops.StoreUnavailable;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Row;
import io.micrometer.core.instrument.MeterRegistry;
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
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Messages in Cassandra, partitions of 5,000 seqs. What is stored is stored by conditional batches of one partition, see {@link CassandraAppend} and
 * {@link CassandraChange}; reads are of a quorum, in one partition after another.
 */
public final class CassandraMessageStore implements MessageStore {
    private static final Logger LOG = LoggerFactory.getLogger(CassandraMessageStore.class);

    private static final int SINCE_PAGE = 200;

    /** Most buckets looked at together, when those before were empty. */
    private static final int BUCKETS_AT_ONCE = 64;

    /** Most that nodes that died left behind, looked at in one pass: the others follow when these are settled. */
    private static final int LEFT_MAX = 160_000;

    /** Lists show within this time that something was said, and unread counts that it was. */
    private static final Duration SWEEP_PAUSE = Duration.ofSeconds(1);

    private final Cassandra cassandra;
    private final CassandraHeads heads;
    private final CassandraKeys keys;
    private final CassandraFence fence;
    private final CassandraIntents intents;
    private final CassandraAppends appends;
    private final CassandraChange changes;
    private final CassandraEdits edits;
    private final CassandraErasure erasure;
    private final CassandraUses uses;
    private final RosterVersions rosters;
    private final InstantSource clock;
    private final Rounds sweeps = new Rounds("message-intents", SWEEP_PAUSE, this::sweep);
    private final PreparedStatement before;
    private final PreparedStatement after;
    private final PreparedStatement find;
    private final PreparedStatement keysOf;
    private final PreparedStatement reactedTo;
    private final PreparedStatement reaction;
    private final PreparedStatement reactions;
    private final PreparedStatement versions;
    private final PreparedStatement changed;

    /** {@code cassandra} is closed by the caller, later than this store. */
    public CassandraMessageStore(
            Cassandra cassandra, RosterVersions rosters, InstantSource clock, MeterRegistry meters) {
        this.cassandra = cassandra;
        this.clock = clock;
        this.heads = new CassandraHeads(cassandra);
        this.keys = new CassandraKeys(cassandra);
        this.fence = new CassandraFence(cassandra, heads, keys, rosters);
        this.rosters = rosters;
        this.intents = new CassandraIntents(cassandra, rosters, clock);
        meters.gauge("parley.cassandra.intents", intents, CassandraIntents::count);
        var batches = CassandraMeters.in(meters);
        var turns = new CassandraTurns();
        var rivals = new CassandraRivals();
        this.uses = new CassandraUses(cassandra, rosters);
        var beside = new CassandraAppend.Beside(batches, rivals, uses);
        var append = new CassandraAppend(cassandra, heads, fence, keys, intents, clock, beside);
        this.appends = new CassandraAppends(append, turns, meters);
        this.changes = new CassandraChange(cassandra, heads, intents, turns, batches, rivals);
        this.edits = new CassandraEdits(cassandra, heads, fence, changes, uses, clock);
        this.erasure = new CassandraErasure(cassandra, heads, changes, uses);
        String messages = "SELECT " + CassandraRows.COLUMNS
                + " FROM message_log WHERE conversation_id = ? AND bucket = ? AND kind = 0 AND ";
        this.before = cassandra.prepareRead(messages + "n < ? ORDER BY kind DESC, n DESC, part DESC, who DESC LIMIT ?");
        this.after = cassandra.prepareRead(messages + "n > ? LIMIT ?");
        this.find = cassandra.prepareRead(messages + "n = ?");
        this.keysOf = cassandra.prepareRead(
                "SELECT seq FROM message_log WHERE conversation_id = ? AND bucket = ? AND kind = 1 AND n = ?");
        this.reactedTo = cassandra.prepareRead("""
                SELECT conversation_id, seq, emoji FROM reaction_by_user
                WHERE user_id = ? AND (conversation_id, seq, emoji) > (?, ?, ?) LIMIT ?""");
        this.reaction = cassandra.prepareRead("""
                SELECT created_at FROM message_log
                WHERE conversation_id = ? AND bucket = ? AND kind = 3 AND n = ? AND part = ? AND who = ?""");
        this.reactions = cassandra.prepareRead("""
                SELECT part, who, created_at FROM message_log
                WHERE conversation_id = ? AND bucket = ? AND kind = 3 AND n = ? AND (part, who) > (?, ?) LIMIT ?""");
        this.versions = cassandra.prepareRead("""
                SELECT text, details, created_at FROM message_log
                WHERE conversation_id = ? AND bucket = ? AND kind = 2 AND n = ?""");
        this.changed = cassandra.prepareRead("""
                SELECT conversation_id, n, who, created_at FROM message_log
                WHERE conversation_id = ? AND bucket = ? AND kind = 4 AND n >= ?""");
        sweeps.start();
    }

    @Override
    public void submit(NewMessage message, CompletableFuture<AppendOutcome> result) {
        var details = MessageDetails.write(message.body());
        var text = message.body().text();
        if (text != null && text.indexOf('\0') >= 0) {
            // PostgreSQL keeps none, and what is in one store must fit into the other.
            result.completeExceptionally(new IllegalArgumentException("a text with a NUL"));
            return;
        }
        appends.add(new Draft(message, details, PostgresMessageStore.hash(text, details), result));
    }

    /** The fence, see {@link CassandraFence}. */
    @Override
    public long moveMembers(ConversationId conversation, long version, long rowSeq) {
        return fence.move(conversation, version);
    }

    @Override
    public boolean areAhead() {
        return true;
    }

    @Override
    public Map<ConversationId, MessageHead> ahead(Collection<ConversationId> conversations) {
        var ahead = new HashMap<ConversationId, MessageHead>();
        heads.newest(conversations).forEach((id, head) -> ahead.put(id, new MessageHead(head.last(), head.lastAt())));
        return ahead;
    }

    @Override
    public void published(Collection<Reminder> reminders) {
        intents.done(reminders.stream().map(Reminder::value).toList());
    }

    @Override
    public List<Overdue> overdue(Instant now, int limit) {
        return intents.overdue(now, limit);
    }

    /** Serially, since a plain read would pass over a batch that was agreed on and not carried out; and notes what the node could not that is gone. */
    @Override
    public boolean complete(ConversationId conversation, Instant since) {
        var head = heads.newestSerially(conversation);
        var changedAt = heads.movedSerially(conversation, head);
        var senders = new HashMap<UserId, Long>();
        var carrying = new TreeSet<Long>();
        long before = Long.MAX_VALUE;
        List<Message> page;
        do {
            page = below(conversation, before, LIMIT_MAX);
            for (var message : page) {
                if (message.createdAt().isBefore(since)) {
                    page = List.of();
                    break;
                }
                before = message.seq();
                senders.merge(message.sender(), before, Math::max);
                if (CassandraUses.mayCarry(message)) {
                    carrying.add(before);
                }
            }
        } while (page.size() == LIMIT_MAX);
        var changed = changedSince(List.of(conversation), since, SINCE_LIMIT_MAX);
        findAll(conversation, changed.stream().map(ChangedMessage::seq).toList()).stream()
                .filter(CassandraUses::mayCarry)
                .forEach(message -> carrying.add(message.seq()));
        uses.note(conversation, carrying);
        var moved = new Moved(
                conversation,
                head.last() == 0 ? null : new MessageHead(head.last(), head.lastAt()),
                changedAt.isBefore(since) ? null : changedAt,
                senders);
        return rosters.note(List.of(moved)).isEmpty();
    }

    @Override
    public void settle(Collection<Overdue> overdue) {
        intents.settled(overdue);
    }

    private void sweep() {
        try {
            intents.note();
        } finally {
            intents.sweep(); // while PostgreSQL is away they would become ever more
        }
    }

    @Override
    public MessageChangeOutcome change(MessageChange change) {
        return edits.run(change);
    }

    @Override
    public int erase(ConversationId conversation, UserId person, Instant since, int limit) {
        checkLimit(limit, LIMIT_MAX);
        var now = clock.instant();
        return erasure.erase(conversation, person, now.isBefore(since) ? since : now, limit);
    }

    @Override
    public int removeBefore(ConversationId conversation, long before, int limit) {
        checkLimit(limit, REMOVE_LIMIT_MAX);
        return erasure.remove(conversation, before, limit);
    }

    @Override
    public List<Message> sentBy(UserId sender, ConversationId conversation, long after, int limit) {
        checkLimit(limit, LIMIT_MAX);
        var found = new ArrayList<Message>();
        int last = heads.newest(conversation).bucket();
        for (int bucket = CassandraHeads.bucket(after); bucket <= last && found.size() < limit; bucket++) {
            var seqs = new TreeSet<Long>();
            cassandra
                    .execute(keysOf.bind(conversation.value(), bucket, sender.value()))
                    .forEach(row -> seqs.add(row.getLong("seq")));
            var next = seqs.tailSet(after, false).stream()
                    .limit(limit - found.size())
                    .toList();
            found.addAll(findAll(conversation, next));
        }
        return found;
    }

    @Override
    public List<OwnReaction> reactionsOf(UserId person, @Nullable OwnReaction after, int limit) {
        checkLimit(limit, LIMIT_MAX);
        var found = new ArrayList<OwnReaction>();
        var last = after;
        while (found.size() < limit) {
            var noted = cassandra
                    .execute(reactedTo.bind(
                            person.value(),
                            last == null ? -1L : last.conversation().value(),
                            last == null ? 0L : last.seq(),
                            last == null ? "" : last.emoji(),
                            limit))
                    .all();
            for (var row : noted) {
                last = new OwnReaction(
                        new ConversationId(row.getLong("conversation_id")),
                        row.getLong("seq"),
                        text(row, "emoji"),
                        Instant.EPOCH);
                var base = cassandra
                        .execute(reaction.bind(
                                last.conversation().value(),
                                CassandraHeads.bucket(last.seq()),
                                last.seq(),
                                last.emoji(),
                                person.value()))
                        .one();
                if (base != null && found.size() < limit) {
                    found.add(new OwnReaction(last.conversation(), last.seq(), last.emoji(), time(base, "created_at")));
                }
            }
            if (noted.size() < limit) {
                break;
            }
        }
        return found;
    }

    @Override
    public List<Message> before(ConversationId conversation, long before, int limit) {
        checkLimit(limit, LIMIT_MAX);
        return below(conversation, before, limit);
    }

    private List<Message> below(ConversationId conversation, long before, int limit) {
        var head = heads.lately(conversation);
        if (before > head.last()) {
            head = heads.newest(conversation);
        }
        var found = new ArrayList<Message>();
        int top = (int) Math.min(head.bucket(), Math.max(0, before - 1) / CassandraHeads.BUCKET_SEQS);
        int width = 1;
        while (top >= 0 && found.size() < limit) {
            int room = limit - found.size();
            int highest = top;
            var reads = IntStream.range(0, Math.min(width, top + 1))
                    .mapToObj(i -> this.before.bind(conversation.value(), highest - i, before, room))
                    .toList();
            var rows = cassandra.executeAll(reads).stream()
                    .flatMap(List::stream)
                    .limit(room)
                    .toList();
            rows.forEach(row -> found.add(CassandraRows.message(row)));
            top -= width;
            // What was removed leaves empty buckets below the first message: they are passed in ever longer steps.
            width = rows.isEmpty() ? Math.min(2 * width, BUCKETS_AT_ONCE) : 1;
        }
        return found;
    }

    @Override
    public List<Message> after(ConversationId conversation, long after, int limit) {
        checkLimit(limit, LIMIT_MAX);
        var found = new ArrayList<Message>();
        int bucket = CassandraHeads.bucket(Math.clamp(after, 0, Long.MAX_VALUE - 1) + 1);
        while (true) {
            add(this.after.bind(conversation.value(), bucket, after, limit - found.size()), found);
            if (found.size() == limit) {
                return found;
            }
            boolean isRead = !found.isEmpty() && found.getLast().seq() == CassandraHeads.end(bucket);
            if (!isRead && heads.newest(conversation).bucket() <= bucket) {
                return found;
            }
            bucket++;
        }
    }

    private void add(BoundStatement statement, List<Message> found) {
        cassandra.execute(statement).forEach(row -> found.add(CassandraRows.message(row)));
    }

    @Override
    public Optional<Message> find(ConversationId conversation, long seq) {
        return seq < 1 ? Optional.empty() : changes.find(conversation, seq);
    }

    @Override
    public List<Message> findAll(ConversationId conversation, Collection<Long> seqs) {
        var reads = seqs.stream()
                .distinct()
                .sorted()
                .map(seq -> find.bind(conversation.value(), CassandraHeads.bucket(seq), seq))
                .toList();
        return cassandra.executeAll(reads).stream()
                .flatMap(List::stream)
                .map(CassandraRows::message)
                .toList();
    }

    @Override
    public Map<ConversationId, Message> newest(Collection<ConversationId> conversations) {
        var reads = heads.newest(conversations).entrySet().stream()
                .filter(head -> head.getValue().last() > 0)
                .map(head -> find.bind(
                        head.getKey().value(),
                        CassandraHeads.bucket(head.getValue().last()),
                        head.getValue().last()))
                .toList();
        var newest = new HashMap<ConversationId, Message>();
        for (var rows : cassandra.executeAll(reads)) {
            rows.stream().map(CassandraRows::message).forEach(each -> newest.put(each.conversation(), each));
        }
        return newest;
    }

    @Override
    public List<Message> since(ConversationId conversation, long first, Instant since, int limit) {
        checkLimit(limit, SINCE_LIMIT_MAX);
        // Times never go back within a conversation, so the first older message, from the newest on, ends the search.
        var found = new ArrayList<Message>();
        long before = Long.MAX_VALUE;
        int page = Math.min(SINCE_PAGE, limit);
        while (true) {
            var read = below(conversation, before, page);
            for (var message : read) {
                if (message.createdAt().isBefore(since) || message.seq() < first || found.size() == limit) {
                    return found.reversed();
                }
                found.add(message);
            }
            if (read.size() < page || found.size() == limit) {
                return found.reversed();
            }
            before = read.getLast().seq();
            page = Math.min(limit - found.size(), page * 2);
        }
    }

    @Override
    public List<ChangedMessage> changedSince(Collection<ConversationId> conversations, Instant since, int limit) {
        checkLimit(limit, SINCE_LIMIT_MAX);
        var found = new ArrayList<ChangedMessage>();
        var reads = new ArrayList<BoundStatement>();
        heads.newest(conversations)
                .forEach((id, head) -> IntStream.rangeClosed(0, head.bucket())
                        .forEach(bucket -> reads.add(changed.bind(id.value(), bucket, since.toEpochMilli()))));
        for (var rows : cassandra.executeAll(reads)) {
            for (var row : rows) {
                var at = Instant.ofEpochMilli(row.getLong("n"));
                if (!at.isBefore(since) && time(row, "created_at").isBefore(since)) {
                    var conversation = new ConversationId(row.getLong("conversation_id"));
                    found.add(new ChangedMessage(conversation, row.getLong("who"), at));
                }
            }
        }
        found.sort(Comparator.comparing(ChangedMessage::at)
                .thenComparingLong(each -> each.conversation().value())
                .thenComparingLong(ChangedMessage::seq));
        return List.copyOf(found.subList(0, Math.min(limit, found.size())));
    }

    @Override
    public List<MessageVersion> versions(ConversationId conversation, long seq) {
        var message = find(conversation, seq);
        if (message.isEmpty() || message.get().isDeleted()) {
            return List.of();
        }
        var said = new ArrayList<MessageVersion>();
        for (var row : cassandra.execute(versions.bind(conversation.value(), CassandraHeads.bucket(seq), seq))) {
            var body = MessageDetails.read(row.getString("text"), row.getString("details"));
            said.add(new MessageVersion(said.size() + 1, body, time(row, "created_at")));
        }
        var editedAt = message.get().state().editedAt();
        said.add(new MessageVersion(
                said.size() + 1,
                message.get().body(),
                editedAt == null ? message.get().createdAt() : editedAt));
        return said;
    }

    @Override
    public List<Reaction> reactions(
            ConversationId conversation, long seq, @Nullable ReactionPosition after, int limit) {
        checkLimit(limit, LIMIT_MAX);
        var found = new ArrayList<Reaction>();
        var statement = reactions.bind(
                conversation.value(),
                CassandraHeads.bucket(seq),
                seq,
                after == null ? "" : after.emoji(),
                after == null ? 0L : after.user().value(),
                limit);
        for (var row : cassandra.execute(statement)) {
            found.add(new Reaction(new UserId(row.getLong("who")), text(row, "part"), time(row, "created_at")));
        }
        return found;
    }

    /** By the rows, once they have what this node knows; what another node still notes is dated some seconds back at most, and what one left behind is among the overdue. */
    @Override
    public List<ConversationId> activeSince(Instant since, ConversationId after, int limit) {
        intents.note();
        var found = new TreeSet<Long>();
        rosters.activeSince(since, after, limit).forEach(id -> found.add(id.value()));
        intents.overdue(clock.instant(), LEFT_MAX).stream()
                .map(Overdue::conversation)
                .distinct()
                .filter(left -> isActive(left, since))
                .forEach(left -> found.add(left.value()));
        return found.tailSet(after.value(), false).stream()
                .limit(limit)
                .map(ConversationId::new)
                .toList();
    }

    private boolean isActive(ConversationId conversation, Instant since) {
        var head = heads.newest(conversation);
        return (head.last() > 0 && !head.lastAt().isBefore(since))
                || !changedSince(List.of(conversation), since, 1).isEmpty();
    }

    @Override
    public void close() {
        appends.close();
        sweeps.close();
        try {
            intents.close();
        } catch (StoreUnavailable e) {
            LOG.warn("what was stored last is noted by a relay: {}", e.getMessage());
        }
    }

    private static Instant time(Row row, String column) {
        return Objects.requireNonNull(row.getInstant(column));
    }

    private static String text(Row row, String column) {
        return Objects.requireNonNull(row.getString(column));
    }

    private static void checkLimit(int limit, int max) {
        PostgresMessageStore.checkLimit(limit, max);
    }
}
