package chat.parley.message;

import chat.parley.message.AppendWriter.Draft;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where each draft of a commit goes: its conversation, as a place among those that the commit writes to, and which of its conversation's drafts it is. Both from 1
 * on, as PostgreSQL counts.
 *
 * @param conversations each once
 * @param versions of their rosters
 * @param counts how many drafts each conversation gets
 * @param places of each draft, its conversation
 * @param nths of each draft, which of its conversation it is
 */
record AppendPlaces(long[] conversations, long[] versions, int[] counts, int[] places, int[] nths) {
    /** Null where drafts of one conversation name different versions of its roster: then one of them does not hold. */
    static @Nullable AppendPlaces of(List<Draft> drafts) {
        int count = drafts.size();
        var placeOf = new HashMap<Long, Integer>();
        var conversations = new long[count];
        var versions = new long[count];
        var counts = new int[count];
        var places = new int[count];
        var nths = new int[count];
        for (int i = 0; i < count; i++) {
            var message = drafts.get(i).message();
            int next = placeOf.size();
            var known = placeOf.putIfAbsent(message.conversation().value(), next);
            int place = known == null ? next : known;
            if (known == null) {
                conversations[place] = message.conversation().value();
                versions[place] = message.membersVersion();
            } else if (versions[place] != message.membersVersion()) {
                return null;
            }
            places[i] = place + 1;
            nths[i] = ++counts[place];
        }
        int used = placeOf.size();
        return new AppendPlaces(
                Arrays.copyOf(conversations, used),
                Arrays.copyOf(versions, used),
                Arrays.copyOf(counts, used),
                places,
                nths);
    }
}
