package chat.parley.event;

import chat.parley.event.LiveFrame.Entry;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Leaves out of a replay what a later event of it makes worthless: of a mark that moved ten times only the last place matters, and of a message only what it
 * says now. What was deleted does not travel again.
 */
public final class Superseded {
    private Superseded() {}

    /** The entries without those that a later one supersedes, in their order. The last entry always stays. */
    public static List<Entry> drop(List<Entry> entries) {
        var told = new HashSet<String>();
        var kept = new ArrayList<Entry>(entries.size());
        for (var entry : entries.reversed()) {
            if (isNews(entry.event(), told)) {
                kept.add(entry);
            }
        }
        return kept.size() == entries.size() ? entries : kept.reversed();
    }

    /** @param told what later events tell */
    private static boolean isNews(EncodedEvent event, Set<String> told) {
        if (event.key().startsWith(EventJson.MARKS_KEY)) {
            int conversation = event.key().indexOf(':', EventJson.MARKS_KEY.length());
            int user = event.key().indexOf(':', conversation + 1);
            return told.add(event.type() + ' ' + event.key().substring(0, user));
        }
        if (event.key().startsWith(EventJson.MESSAGE_KEY)) {
            String message = event.key().substring(0, event.key().lastIndexOf(':'));
            if (event.type().startsWith(EventJson.REACTIONS)) {
                // Each says who reacted, which the message does not.
                return !told.contains(EventJson.MESSAGE_DELETED + ' ' + message);
            }
            told.add(event.type() + ' ' + message);
            return told.add(message);
        }
        return true;
    }
}
