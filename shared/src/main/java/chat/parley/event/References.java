package chat.parley.event;

import chat.parley.event.ChatEvent.MessageCreated;
import chat.parley.event.LiveFrame.Entry;
import chat.parley.id.ConversationId;
import chat.parley.message.Message;
import chat.parley.message.MessageStore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Puts back, from history, the JSON of long events, which streams hold only by reference. */
public final class References {
    private References() {}

    /** Whether history has this event under its key. Others are stored whole, long or not; they are few and under 2 KB. */
    static boolean canResolve(EncodedEvent event) {
        return event.key().startsWith(EventJson.MESSAGE_KEY);
    }

    /** The same entries, all whole; what history no longer has is left out. Asks the store once a conversation that has references. */
    public static List<Entry> resolve(List<Entry> entries, MessageStore messages) {
        Map<ConversationId, List<Long>> wanted = new HashMap<>();
        for (var entry : entries) {
            if (entry.event().isReference()) {
                var name = Name.of(entry.event());
                wanted.computeIfAbsent(name.conversation, unused -> new ArrayList<>())
                        .add(name.seq);
            }
        }
        if (wanted.isEmpty()) {
            return entries;
        }
        Map<Name, Message> found = new HashMap<>();
        wanted.forEach((conversation, seqs) -> messages.findAll(conversation, seqs)
                .forEach(message -> found.put(new Name(conversation, message.seq()), message)));
        var whole = new ArrayList<Entry>(entries.size());
        for (var entry : entries) {
            var resolved = entry.event().isReference() ? resolved(entry, found) : entry;
            if (resolved != null) {
                whole.add(resolved);
            }
        }
        return whole;
    }

    private static @Nullable Entry resolved(Entry entry, Map<Name, Message> found) {
        var message = found.get(Name.of(entry.event()));
        return message == null
                ? null
                : new Entry(entry.epochMillis(), entry.n(), EventJson.encode(new MessageCreated(message)));
    }

    /** Which message an event refers to, read from its key. */
    private record Name(ConversationId conversation, long seq) {
        static Name of(EncodedEvent reference) {
            String key = reference.key();
            int from = EventJson.MESSAGE_KEY.length();
            int colon = key.indexOf(':', from);
            int end = key.indexOf(':', colon + 1);
            return new Name(ConversationId.parse(key.substring(from, colon)), Long.parseLong(key, colon + 1, end, 10));
        }
    }
}
