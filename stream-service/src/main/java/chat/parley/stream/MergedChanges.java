package chat.parley.stream;

import chat.parley.event.ChatEvent;
import chat.parley.event.EncodedEvent;
import chat.parley.event.EventJson;
import chat.parley.id.ConversationId;
import chat.parley.message.ChangedMessage;
import chat.parley.message.Message;
import chat.parley.message.MessageStore;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What changed since a time, merged by time from its sources, read as it is told: every message as it stands then, and once. */
final class MergedChanges implements History.Changes {
    /** Messages of one conversation read ahead while very many are merged: one each would be a read a message. */
    private static final int AHEAD_LEAST = 4;

    /** Messages read ahead in all conversations together, about; it bounds the memory of one rebuild. */
    private static final int AHEAD_IN_ALL = 400;

    /** After every event there will be: the source that has none left. */
    private static final Instant NEVER = Instant.MAX;

    private final long count;
    private final Deque<ChatEvent> events;
    private final Deque<ChangedMessage> changed;
    private final Map<ConversationId, Long> sight;
    private final HistoryReads reads;
    private final HistoryReads.Rows rows;
    private final PriorityQueue<Next> heads =
            new PriorityQueue<>(Comparator.<Next, Instant>comparing(next -> next.message.createdAt())
                    .thenComparing(next -> next.message.conversation())
                    .thenComparingLong(next -> next.message.seq()));
    private final int aheadEach;

    /**
     * Where changes come from.
     *
     * @param events of conversations, members and marks, oldest first
     * @param changed older messages that changed, first changed first
     * @param runs newer messages
     */
    record Sources(List<ChatEvent> events, List<ChangedMessage> changed, List<Run> runs) {}

    /** A run and its next message. */
    private record Next(Message message, Run run) {}

    /** Which message. */
    private record Name(ConversationId conversation, long seq) {}

    /** One thing to be told; exactly one of them is not null. */
    private record Step(
            @Nullable ChatEvent event,
            @Nullable Message sent,
            @Nullable ChangedMessage changed) {}

    /**
     * @param count how much there is in all
     * @param sight from which message on the reader sees each conversation; those that are not in it were left
     */
    MergedChanges(long count, Sources sources, Map<ConversationId, Long> sight, HistoryReads reads) {
        this.count = count;
        this.events = new ArrayDeque<>(sources.events);
        this.changed = new ArrayDeque<>(sources.changed);
        this.sight = sight;
        this.reads = reads;
        this.rows = reads.rows();
        int runs = Math.max(1, sources.runs.size());
        this.aheadEach = Math.clamp(AHEAD_IN_ALL / runs, AHEAD_LEAST, MessageStore.LIMIT_MAX);
        rows.add(events.size() + changed.size());
        boolean isWhole = false;
        try {
            sources.runs.forEach(this::push);
            isWhole = true;
        } finally {
            if (!isWhole) {
                rows.close();
            }
        }
    }

    @Override
    public long count() {
        return count;
    }

    @Override
    public void close() {
        rows.close();
    }

    @Override
    public List<EncodedEvent> next(int limit) {
        while (true) {
            var steps = steps(limit);
            var part = encoded(steps);
            // Empty means the end, so a part whose messages are all gone is passed over.
            if (!part.isEmpty() || steps.isEmpty()) {
                return part;
            }
        }
    }

    private List<Step> steps(int limit) {
        var steps = new ArrayList<Step>();
        for (var step = step(); step != null; step = steps.size() < limit ? step() : null) {
            steps.add(step);
        }
        return steps;
    }

    private List<EncodedEvent> encoded(List<Step> steps) {
        var older = find(wanted(steps));
        var part = new ArrayList<EncodedEvent>(steps.size());
        for (var step : steps) {
            var event = event(step, older);
            if (event != null) {
                part.add(EventJson.encode(event));
            }
        }
        return part;
    }

    /** The oldest of what is left; null when nothing is. */
    private @Nullable Step step() {
        var event = events.peek();
        var change = changed.peek();
        var next = heads.peek();
        var eventAt = event == null ? NEVER : event.at();
        var changeAt = change == null ? NEVER : change.at();
        var messageAt = next == null ? NEVER : next.message.createdAt();
        if (event != null && !eventAt.isAfter(messageAt) && !eventAt.isAfter(changeAt)) {
            rows.add(-1);
            return new Step(events.remove(), null, null);
        }
        if (change != null && changeAt.isBefore(messageAt)) {
            rows.add(-1);
            return new Step(null, null, changed.remove());
        }
        if (next == null) {
            return null;
        }
        heads.remove();
        next.run.skip(rows);
        push(next.run);
        return new Step(null, next.message, null);
    }

    private void push(Run run) {
        var message = run.peek(reads, rows, aheadEach);
        if (message != null) {
            heads.add(new Next(message, run));
        }
    }

    /** The messages that are told without having been read yet: those that changed, and those that are answered. */
    private Set<Name> wanted(List<Step> steps) {
        var wanted = new HashSet<Name>();
        for (var step : steps) {
            if (step.changed != null) {
                wanted.add(new Name(step.changed.conversation(), step.changed.seq()));
            }
            if (step.sent != null) {
                var answered = answered(step.sent);
                if (answered != null) {
                    wanted.add(answered);
                }
            }
        }
        return wanted;
    }

    /** The message that {@code message} answers, if the reader may see it. */
    private @Nullable Name answered(Message message) {
        var replyTo = message.body().replyTo();
        long from = sight.getOrDefault(message.conversation(), Long.MAX_VALUE);
        return replyTo == null || replyTo < from ? null : new Name(message.conversation(), replyTo);
    }

    private Map<Name, Message> find(Set<Name> names) {
        var seqs = new HashMap<ConversationId, List<Long>>();
        for (var name : names) {
            seqs.computeIfAbsent(name.conversation, unused -> new ArrayList<>()).add(name.seq);
        }
        var found = new HashMap<Name, Message>();
        seqs.forEach((conversation, wanted) -> reads.findAll(conversation, wanted)
                .forEach(message -> found.put(new Name(conversation, message.seq()), message)));
        return found;
    }

    /** Null for a message that is gone meanwhile. */
    private @Nullable ChatEvent event(Step step, Map<Name, Message> older) {
        if (step.event != null) {
            return step.event;
        }
        if (step.sent != null) {
            var message = step.sent;
            if (message.isDeleted()) {
                return ChatEvent.changed(message, null, message.sender(), message.createdAt());
            }
            var answered = answered(message);
            return new ChatEvent.MessageCreated(message, answered == null ? null : older.get(answered));
        }
        var change = step.changed;
        var message = change == null ? null : older.get(new Name(change.conversation(), change.seq()));
        return message == null || change == null
                ? null
                : ChatEvent.changed(message, null, message.sender(), change.at());
    }
}
