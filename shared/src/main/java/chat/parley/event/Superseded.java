package chat.parley.event;

import chat.parley.event.LiveFrame.Entry;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Leaves out of a replay what a later event of it makes worthless: of a mark that moved ten times only the last place matters. */
public final class Superseded {
    private Superseded() {}

    /** The entries without those that a later one supersedes, in their order. The last entry always stays. */
    public static List<Entry> drop(List<Entry> entries) {
        var told = new HashSet<String>();
        var kept = new ArrayList<Entry>(entries.size());
        for (var entry : entries.reversed()) {
            String what = lastValueOf(entry.event());
            if (what == null || told.add(what)) {
                kept.add(entry);
            }
        }
        return kept.size() == entries.size() ? entries : kept.reversed();
    }

    /** Of what an event tells the present value: a later event of the same makes it worthless. Null where each event counts. */
    private static @Nullable String lastValueOf(EncodedEvent event) {
        if (event.key().startsWith(EventJson.MARKS_KEY)) {
            int conversation = event.key().indexOf(':', EventJson.MARKS_KEY.length());
            int user = event.key().indexOf(':', conversation + 1);
            return event.type() + ' ' + event.key().substring(0, user);
        }
        return null;
    }
}
