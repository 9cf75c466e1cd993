package chat.parley.event;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.event.PublishConnection.Call;
import chat.parley.event.PublishConnection.Script;
import chat.parley.event.PublishLane.Waiting;
import chat.parley.event.PublishOutcome.ToWake;
import chat.parley.id.UserId;
import chat.parley.redis.RedisKeys;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisRedirectionException;

/**
 * What a lane publishes at once, as runs of scripts, and what came of it. Events that are told for the first time share a run, as many as fit, since each run
 * costs Redis half of what it costs to tell one person. The order is that of the batch. For one thread.
 */
final class PublishBatch {
    /** Events up to this size stand whole in every stream; longer ones once in history. */
    private static final int WHOLE_BYTES_MAX = 1_024;

    private static final byte[] NOTHING = {};

    private final int keysMax;
    private final List<Answers> answers = new ArrayList<>();
    private final List<Call> calls = new ArrayList<>();
    /** For each call whom it tells what, in the order of its keys. */
    private final List<List<Share>> shares = new ArrayList<>();

    /** Whether the last call takes further events. */
    private boolean isOpen;

    /** The part of a call that tells one event. Without recipients: told to a large group, or stored nowhere. */
    private record Share(Answers answers, List<UserId> recipients) {}

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
    private static final class Answers {
        private final Waiting waiting;
        private final List<ToWake> toWake = new ArrayList<>(0);
        private final Map<UserId, JedisRedirectionException> elsewhere = new LinkedHashMap<>(0);
        private @Nullable Object refusal;

        Answers(Waiting waiting) {
            this.waiting = waiting;
        }

        Outcome outcome() {
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
        return calls;
    }

    /**
     * For each publication of the batch, in its order, what came of it.
     *
     * @param replies for each call what Redis answered, or the exception that says why it refused
     * @param tag what cursors of this server carry
     */
    List<Outcome> outcomes(List<Object> replies, String tag) {
        for (int i = 0; i < replies.size(); i++) {
            take(replies.get(i), shares.get(i), tag);
        }
        return answers.stream().map(Answers::outcome).toList();
    }

    private void add(Waiting waiting) {
        var told = new Answers(waiting);
        answers.add(told);
        var publication = waiting.publication();
        if (publication.mode() == Publication.Mode.LIVE_ONLY) {
            addLive(told, publication);
        } else if (publication.group() != null) {
            addGroup(told, publication.group());
        } else {
            addStored(told, publication);
        }
    }

    private void addLive(Answers told, Publication publication) {
        byte[] frame = LiveFrames.encode(new LiveFrame.Ephemeral(publication.event()));
        var channels = new ArrayList<byte[]>();
        for (var user : publication.recipients()) {
            channels.add(RedisKeys.live(user).getBytes(ISO_8859_1));
        }
        for (int from = 0; from < channels.size(); from += keysMax) {
            var some = channels.subList(from, Math.min(from + keysMax, channels.size()));
            close(new Call(Script.LIVE, some, List.of(frame), false), told);
        }
    }

    private void addGroup(Answers told, Publication.Group group) {
        var publication = told.waiting.publication();
        var value = Value.of(publication);
        byte[] key = RedisKeys.group(group.conversation()).getBytes(ISO_8859_1);
        byte[] departed = Long.toString(group.departedMillis()).getBytes(ISO_8859_1);
        var asked = List.of(value.stored, value.published, wanted(publication), time(publication), departed);
        close(new Call(Script.GROUP, List.of(key), asked, told.waiting.asking()), told);
    }

    private void addStored(Answers told, Publication publication) {
        // A repeat is searched for in its streams, and so are no others in this run; what asks for a slot asks for no
        // other one's.
        boolean alone = publication.mode() == Publication.Mode.REPEAT || told.waiting.asking();
        isOpen &= !alone;
        var value = Value.of(publication);
        var left = List.copyOf(publication.recipients());
        while (!left.isEmpty()) {
            if (!isOpen || calls.getLast().keys().size() == keysMax) {
                var arguments = new ArrayList<>(List.of(wanted(publication), time(publication)));
                calls.add(new Call(Script.STORED, new ArrayList<>(), arguments, told.waiting.asking()));
                shares.add(new ArrayList<>());
                isOpen = true;
            }
            var call = calls.getLast();
            int count = Math.min(left.size(), keysMax - call.keys().size());
            var some = left.subList(0, count);
            for (var user : some) {
                call.keys().add(RedisKeys.stream(user).getBytes(ISO_8859_1));
            }
            call.arguments().add(Integer.toString(count).getBytes(ISO_8859_1));
            call.arguments().add(value.stored);
            call.arguments().add(value.published);
            shares.getLast().add(new Share(told, some));
            left = left.subList(count, left.size());
        }
        isOpen &= !alone;
    }

    /** A call that takes nothing else: what follows is run after it. */
    private void close(Call call, Answers told) {
        calls.add(call);
        shares.add(List.of(new Share(told, List.of())));
        isOpen = false;
    }

    /**
     * An event as it is sent.
     *
     * @param published as the script takes it: empty where it is the same as what is stored
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Value(byte[] stored, byte[] published) {
        static Value of(Publication publication) {
            var event = publication.event();
            byte[] whole = LiveFrames.encode(event);
            boolean isSmall = event.json().length <= WHOLE_BYTES_MAX && publication.storedWhole();
            if (isSmall || !References.canResolve(event)) {
                return new Value(whole, NOTHING);
            }
            var reference = new EncodedEvent(event.type(), event.key(), event.timeMillis(), NOTHING);
            return new Value(LiveFrames.encode(reference), whole);
        }
    }

    private static byte[] wanted(Publication publication) {
        return publication.mode() == Publication.Mode.REPEAT
                ? publication.event().key().getBytes(ISO_8859_1)
                : NOTHING;
    }

    private static byte[] time(Publication publication) {
        return publication.mode() == Publication.Mode.REPEAT
                ? Long.toString(publication.event().timeMillis()).getBytes(ISO_8859_1)
                : NOTHING;
    }

    private static void take(Object reply, List<Share> told, String tag) {
        if (reply instanceof List<?> listed) {
            var each = listed.iterator();
            for (var share : told) {
                for (var user : share.recipients) {
                    if (each.next() instanceof byte[] answer) {
                        share.answers.toWake.add(toWake(user, answer, share.answers, tag));
                    }
                }
            }
            return;
        }
        for (var share : told) {
            if (reply instanceof JedisRedirectionException where && !share.recipients.isEmpty()) {
                share.recipients.forEach(user -> share.answers.elsewhere.put(user, where));
            } else if (!share.answers.waiting.isLive()) {
                share.answers.refusal = reply;
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
