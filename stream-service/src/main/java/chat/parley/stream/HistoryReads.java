package chat.parley.stream;

import chat.parley.conversation.Conversations;
import chat.parley.conversation.Head;
import chat.parley.conversation.MembershipsSince;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.ChangedMessage;
import chat.parley.message.Message;
import chat.parley.message.MessageStore;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * The durable stores as rebuilds read them: a few calls at once, whatever the number of rebuilds, so that connections are left for those who connect and are live. Rebuilds
 * take turns call by call, in the order they ask, so a short one does not wait for the end of a long one.
 */
final class HistoryReads {
    private final Conversations conversations;
    private final MessageStore messages;
    private final Semaphore turns;
    private final StreamMeters meters;

    /** @param most calls at once */
    HistoryReads(Conversations conversations, MessageStore messages, int most, StreamMeters meters) {
        this.conversations = conversations;
        this.messages = messages;
        this.turns = new Semaphore(most, true);
        this.meters = meters;
    }

    MembershipsSince since(UserId user, Instant since) {
        return read(() -> conversations.since(user, since));
    }

    List<Head> heads(UserId user, int limit) {
        return read(() -> conversations.recentHeads(user, limit));
    }

    Optional<Message> find(ConversationId conversation, long seq) {
        return read(() -> messages.find(conversation, seq));
    }

    List<Message> after(ConversationId conversation, long after, int limit) {
        return read(() -> messages.after(conversation, after, limit));
    }

    List<Message> findAll(ConversationId conversation, Collection<Long> seqs) {
        return read(() -> messages.findAll(conversation, seqs));
    }

    List<ChangedMessage> changedSince(Collection<ConversationId> among, Instant since, int limit) {
        return read(() -> messages.changedSince(among, since, limit));
    }

    /** The lowest seq in {@code least..last} stored at {@code since} or later; times do not go back, so halving finds it. */
    long firstSince(ConversationId conversation, long least, long last, Instant since) {
        long low = least;
        long high = last + 1;
        // Mostly a few messages were missed: look near the end first.
        for (long step = 8; low < high - step; step *= 4) {
            long probe = high - step;
            if (isBefore(conversation, probe, since)) {
                low = probe + 1;
                break;
            }
            high = probe;
        }
        while (low < high) {
            long middle = low + (high - low) / 2;
            if (isBefore(conversation, middle, since)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private boolean isBefore(ConversationId conversation, long seq, Instant since) {
        return find(conversation, seq)
                .map(message -> message.createdAt().isBefore(since))
                .orElse(true);
    }

    /** The last seq of a conversation; 0 when it has no message. */
    long last(ConversationId conversation) {
        var newest = read(() -> messages.newest(List.of(conversation))).get(conversation);
        return newest == null ? 0 : newest.seq();
    }

    /** What a rebuild has read and not yet told; to be closed with it. */
    Rows rows() {
        return new Rows();
    }

    private <T> T read(Supplier<T> call) {
        turns.acquireUninterruptibly(); // each call before it is bounded by the store's own time limits
        meters.rebuildReads(1);
        try {
            return call.get();
        } finally {
            meters.rebuildReads(-1);
            turns.release();
        }
    }

    /** Counts rows in memory. For one rebuild, which one thread works on at a time. */
    final class Rows implements AutoCloseable {
        private int held;

        /** So many more, or less. */
        void add(int change) {
            held += change;
            meters.rebuildRows(change);
        }

        @Override
        public void close() {
            add(-held);
        }
    }
}
