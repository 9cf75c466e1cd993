package chat.parley.event;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.event.PublishConnection.Call;
import chat.parley.event.PublishLane.Waiting;
import chat.parley.event.PublishOutcome.ToWake;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisRedirectionException;

/**
 * What a lane publishes at once, as runs of scripts, and what came of it. Events that are told for the first time share a run, as many as fit, since each run
 * costs Redis half of what it costs to tell one person; {@link Repeats} do so in their own way. Each stream gets its events in the order of the batch. For one
 * thread.
 */
final class PublishBatch {
    /** Most events of one run to a large group: about a millisecond, in which Redis serves nobody else. */
    private static final int GROUP_EVENTS_MAX = 64;

    private final int keysMax;
    private final List<Answers> answers = new ArrayList<>();
    private final List<PublishRun> runs = new ArrayList<>();

    /** The last run, while it takes further events that are told for the first time. */
    private @Nullable PublishRun open;
    /** Those after the last event that was none. */
    private @Nullable Repeats repeats;

    /**
     * What came of a publication.
     *
     * @param elsewhere recipients whom another server holds
     * @param refusal what Redis said where it refused; null where it did not
     */
    record Outcome(
            Waiting waiting,
            List<ToWake> toWake,
            Map<UserId, JedisRedirectionException> elsewhere,
            @Nullable Object refusal) {}

    /** An outcome while it comes in. */
    static final class Answers {
        private final Waiting waiting;
        private final List<ToWake> toWake = new ArrayList<>(0);
        private final Map<UserId, JedisRedirectionException> elsewhere = new LinkedHashMap<>(0);
        private @Nullable Object refusal;

        private Answers(Waiting waiting) {
            this.waiting = waiting;
        }

        Publication publication() {
            return waiting.publication();
        }

        private Outcome outcome() {
            return new Outcome(waiting, toWake, elsewhere, refusal);
        }
    }

    /** @param keysMax most streams of one run of a script */
    PublishBatch(List<Waiting> batch, int keysMax) {
        this.keysMax = keysMax;
        for (var waiting : batch) {
            add(waiting);
        }
    }

    /** In the order in which they are to be run. */
    List<Call> calls() {
        return runs.stream().map(PublishRun::call).toList();
    }

    /**
     * For each publication of the batch, in its order, what came of it.
     *
     * @param replies for each call what Redis answered, or the exception that says why it refused
     * @param tag what cursors of this server carry
     */
    List<Outcome> outcomes(List<Object> replies, String tag) {
        for (int i = 0; i < replies.size(); i++) {
            take(replies.get(i), runs.get(i).shares(), tag);
        }
        return answers.stream().map(Answers::outcome).toList();
    }

    private void add(Waiting waiting) {
        var told = new Answers(waiting);
        answers.add(told);
        if (waiting.asking()) {
            closeRuns(); // what asks for a slot asks for no other one's
        }
        switch (waiting.publication().mode()) {
            case REPEAT -> addRepeat(told);
            case LIVE_ONLY -> addLive(told);
            case FIRST -> addFirst(told);
        }
        if (waiting.asking()) {
            closeRuns();
        }
    }

    /** What follows is run after what was added. */
    private void closeRuns() {
        open = null;
        repeats = null;
    }

    private void addRepeat(Answers told) {
        open = null;
        if (repeats == null) {
            repeats = new Repeats(keysMax, told.waiting.asking(), runs);
        }
        repeats.add(told);
    }

    private void addLive(Answers told) {
        closeRuns();
        var left = List.copyOf(told.publication().recipients());
        while (!left.isEmpty()) {
            int count = Math.min(left.size(), keysMax);
            runs.add(PublishRun.live(told, left.subList(0, count)));
            left = left.subList(count, left.size());
        }
    }

    private void addFirst(Answers told) {
        repeats = null;
        var group = told.publication().group();
        if (group != null) {
            openFor(group.conversation(), GROUP_EVENTS_MAX, told).tellGroup(told, group.departedMillis());
            return;
        }
        var left = List.copyOf(told.publication().recipients());
        while (!left.isEmpty()) {
            var run = openFor(null, keysMax, told);
            int count = Math.min(left.size(), keysMax - run.entries());
            run.tell(told, left.subList(0, count));
            left = left.subList(count, left.size());
        }
    }

    /** @param group null: people's streams */
    private PublishRun openFor(@Nullable ConversationId group, int entriesMax, Answers told) {
        var last = open;
        if (last != null && Objects.equals(last.group(), group) && last.entries() < entriesMax) {
            return last;
        }
        boolean asking = told.waiting.asking();
        var run = group == null ? PublishRun.toStreams(asking) : PublishRun.toGroup(group, asking);
        runs.add(run);
        open = run;
        return run;
    }

    private static void take(Object reply, List<PublishRun.Share> told, String tag) {
        if (reply instanceof List<?> listed) {
            var each = listed.iterator();
            for (var share : told) {
                for (var user : share.recipients()) {
                    if (each.next() instanceof byte[] answer) {
                        share.answers().toWake.add(toWake(user, answer, share.answers(), tag));
                    }
                }
            }
            return;
        }
        for (var share : told) {
            if (reply instanceof JedisRedirectionException where
                    && !share.recipients().isEmpty()) {
                share.recipients().forEach(user -> share.answers().elsewhere.put(user, where));
            } else if (!share.answers().waiting.isLive()) {
                share.answers().refusal = reply;
            }
        }
    }

    private static ToWake toWake(UserId user, byte[] answer, Answers told, String tag) {
        boolean before = answer[0] == '=';
        int start = before ? 1 : 0;
        boolean connected = answer[start] == '+';
        start += connected ? 1 : 0;
        String id = new String(answer, start, answer.length - start, ISO_8859_1);
        int dash = id.indexOf('-');
        long epoch = Long.parseLong(id, 0, dash, 10);
        long n = Long.parseLong(id, dash + 1, id.length(), 10);
        long timeMillis = told.waiting.publication().event().timeMillis();
        // A millisecond before: whoever rebuilds from there must find the event itself.
        return new ToWake(user, new Cursor(epoch, n - 1, timeMillis - 1, tag), before, connected);
    }
}
