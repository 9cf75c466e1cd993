package chat.parley.event;

import chat.parley.event.PublishBatch.Answers;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Events that were perhaps told before, as few searches as possible: a stream is searched once a run, for all that is told to it. To search a stream costs as
 * much as some fifty entries, and the relay has most to repeat when Redis is busy already; one search an event was once enough to keep it so.
 *
 * <p>A stream stays with one run until that is full and then goes on in a later one, so each has its events in the order in which they were added. For one thread.
 */
final class Repeats {
    /** Streams that one run searches, each some 0.4 ms, in which Redis serves nobody else. */
    private static final int STREAMS_MAX = 25;

    /** Most entries of one run, some 10 µs each. */
    private static final int ENTRIES_MAX = 500;

    private final int streamsMax;
    private final boolean asking;
    private final List<PublishRun> runs;
    private final Map<UserId, Search> byStream = new HashMap<>();
    private final Map<ConversationId, Search> byGroup = new HashMap<>();
    /** The last one that takes further streams. */
    private @Nullable Search newest;

    /**
     * @param keysMax most streams of one run, whatever it does
     * @param asking as of {@link PublishConnection.Call}
     * @param runs gets what begins
     */
    Repeats(int keysMax, boolean asking, List<PublishRun> runs) {
        this.streamsMax = Math.min(STREAMS_MAX, keysMax);
        this.asking = asking;
        this.runs = runs;
    }

    private static final class Search {
        private final PublishRun run;
        private int streams;
        private long oldest = Long.MAX_VALUE;

        Search(PublishRun run) {
            this.run = run;
        }

        boolean isFull() {
            return run.entries() >= ENTRIES_MAX;
        }

        void reachBack(long millis) {
            oldest = Math.min(oldest, millis);
            run.since(oldest);
        }
    }

    void add(Answers told) {
        var publication = told.publication();
        long time = publication.event().timeMillis();
        var group = publication.group();
        if (group != null) {
            var search = ofGroup(group.conversation());
            search.run.tellGroup(told, group.departedMillis());
            search.reachBack(time);
            return;
        }
        var parts = new LinkedHashMap<Search, List<UserId>>();
        for (var user : publication.recipients()) {
            parts.computeIfAbsent(ofStream(user), unused -> new ArrayList<>()).add(user);
        }
        parts.forEach((search, users) -> {
            search.run.tell(told, users);
            search.reachBack(time);
        });
    }

    private Search ofStream(UserId user) {
        var known = byStream.get(user);
        if (known != null && !known.isFull()) {
            return known;
        }
        var search = newest;
        if (search == null || search.isFull() || search.streams == streamsMax) {
            search = begin(PublishRun.toStreams(asking));
            newest = search;
        }
        search.streams++;
        byStream.put(user, search);
        return search;
    }

    private Search ofGroup(ConversationId group) {
        var known = byGroup.get(group);
        if (known != null && !known.isFull()) {
            return known;
        }
        var search = begin(PublishRun.toGroup(group, asking));
        byGroup.put(group, search);
        return search;
    }

    private Search begin(PublishRun run) {
        runs.add(run);
        return new Search(run);
    }
}
