package chat.parley.stream;

import chat.parley.id.ConversationId;
import chat.parley.message.Message;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** The messages {@code first..last} of a conversation, read some at a time. */
final class Run {
    private final ConversationId conversation;
    private final long first;
    private final long last;
    private final Deque<Message> ahead = new ArrayDeque<>();
    private long read;

    Run(ConversationId conversation, long first, long last) {
        this.conversation = conversation;
        this.first = first;
        this.last = last;
        this.read = first - 1;
    }

    long count() {
        return last - first + 1;
    }

    /** The next message, read with some after it; null at the end. */
    @Nullable
    Message peek(HistoryReads reads, HistoryReads.Rows rows, int limit) {
        if (ahead.isEmpty() && read < last) {
            int wanted = (int) Math.min(limit, last - read);
            for (var message : reads.after(conversation, read, wanted)) {
                ahead.add(message);
                read = message.seq();
            }
            rows.add(ahead.size());
            if (ahead.isEmpty()) {
                read = last;
            }
        }
        return ahead.peek();
    }

    /** Goes on to the one after the next. */
    void skip(HistoryReads.Rows rows) {
        ahead.remove();
        rows.add(-1);
    }
}
