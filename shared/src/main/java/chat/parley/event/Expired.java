package chat.parley.event;

import chat.parley.event.LiveFrame.Entry;
import chat.parley.event.References.Name;
import chat.parley.id.ConversationId;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Leaves out of a replay what is told of messages that expired since. */
public final class Expired {
    private Expired() {}

    /**
     * The entries without those, in their order.
     *
     * @param firstSeqs answers, for conversations in which messages expired, the first that did not; asked once at most
     */
    public static List<Entry> drop(
            List<Entry> entries, Function<Collection<ConversationId>, Map<ConversationId, Long>> firstSeqs) {
        var conversations = conversations(entries);
        if (conversations.isEmpty()) {
            return entries;
        }
        var firsts = firstSeqs.apply(conversations);
        return firsts.isEmpty()
                ? entries
                : entries.stream().filter(entry -> isKept(entry, firsts)).toList();
    }

    /** Of whose messages the entries tell. */
    public static Set<ConversationId> conversations(List<Entry> entries) {
        var conversations = new HashSet<ConversationId>();
        for (var entry : entries) {
            if (isOfMessage(entry)) {
                conversations.add(Name.of(entry.event()).conversation());
            }
        }
        return conversations;
    }

    private static boolean isKept(Entry entry, Map<ConversationId, Long> firsts) {
        if (!isOfMessage(entry)) {
            return true;
        }
        var name = Name.of(entry.event());
        return name.seq() >= firsts.getOrDefault(name.conversation(), 1L);
    }

    private static boolean isOfMessage(Entry entry) {
        return entry.event().key().startsWith(EventJson.MESSAGE_KEY);
    }
}
