package chat.parley.event;

import chat.parley.event.ChatEvent.MessageCreated;
import chat.parley.event.LiveFrame.Entry;
import chat.parley.id.ConversationId;
import chat.parley.message.Message;
import chat.parley.message.MessageStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Puts back, from history, the JSON of long events, which streams hold only by reference. */
public final class References {
    private References() {}

    /** Whether history has this event under its key. Others are stored whole, long or not; they are few and under 2 KB. */
    static boolean canResolve(EncodedEvent event) {
        return event.key().startsWith(EventJson.MESSAGE_KEY);
    }

    /** From which message on the reader of a stream sees a conversation. */
    @FunctionalInterface
    public interface Sight {
        /** The first visible seq; {@link Long#MAX_VALUE} for who sees nothing. */
        long from(ConversationId conversation);
    }

    /**
     * The same entries, all whole: messages as they stand now; what history no longer has is left out. Asks the store once or twice a conversation that
     * has references.
     *
     * @param sight asked where a message answers another one, which the reader may not see
     */
    public static List<Entry> resolve(List<Entry> entries, MessageStore messages, Sight sight) {
        var names = new HashSet<Name>();
        for (var entry : entries) {
            if (entry.event().isReference()) {
                names.add(Name.of(entry.event()));
            }
        }
        if (names.isEmpty()) {
            return entries;
        }
        var found = find(names, messages);
        var answered = new HashSet<Name>();
        found.forEach((name, message) -> {
            var replyTo = message.body().replyTo();
            if (replyTo != null && replyTo >= sight.from(name.conversation)) {
                answered.add(new Name(name.conversation, replyTo));
            }
        });
        var quoted = find(answered, messages);
        var whole = new ArrayList<Entry>(entries.size());
        for (var entry : entries) {
            var resolved = entry.event().isReference() ? resolved(entry, found, quoted) : entry;
            if (resolved != null) {
                whole.add(resolved);
            }
        }
        return whole;
    }

    private static Map<Name, Message> find(Set<Name> names, MessageStore messages) {
        Map<ConversationId, List<Long>> wanted = new HashMap<>();
        for (var name : names) {
            wanted.computeIfAbsent(name.conversation, unused -> new ArrayList<>())
                    .add(name.seq);
        }
        Map<Name, Message> found = new HashMap<>();
        wanted.forEach((conversation, seqs) -> messages.findAll(conversation, seqs)
                .forEach(message -> found.put(new Name(conversation, message.seq()), message)));
        return found;
    }

    /** Who made a change is not in a reference; only authors edit, so the author stands for it. */
    private static @Nullable Entry resolved(Entry entry, Map<Name, Message> found, Map<Name, Message> quotable) {
        var message = found.get(Name.of(entry.event()));
        if (message == null) {
            return null;
        }
        var replyTo = message.body().replyTo();
        var quoted = replyTo == null ? null : quotable.get(new Name(message.conversation(), replyTo));
        boolean isNew = entry.event().type().equals(EventJson.MESSAGE_CREATED) && !message.isDeleted();
        var event = isNew
                ? new MessageCreated(message, quoted)
                : ChatEvent.changed(
                        message,
                        quoted,
                        message.sender(),
                        Instant.ofEpochMilli(entry.event().timeMillis()));
        return new Entry(entry.epoch(), entry.n(), EventJson.encode(event));
    }

    /** Which message an event refers to, read from its key. */
    record Name(ConversationId conversation, long seq) {
        static Name of(EncodedEvent reference) {
            String key = reference.key();
            int from = EventJson.MESSAGE_KEY.length();
            int colon = key.indexOf(':', from);
            int end = key.indexOf(':', colon + 1);
            return new Name(ConversationId.parse(key.substring(from, colon)), Long.parseLong(key, colon + 1, end, 10));
        }
    }
}
