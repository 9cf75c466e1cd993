package chat.parley.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import chat.parley.event.ChatEvent.MessageCreated;
import chat.parley.event.PublishOutcome.Published;
import chat.parley.event.PublishOutcome.ToWake;
import chat.parley.event.StreamRead.Unbroken;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageState;
import chat.parley.redis.Redis;
import chat.parley.testkit.RealRedis;
import chat.parley.testkit.StepClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is perhaps told a second time, among much else. */
class RepeatsTest {
    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final ConversationId TALK = new ConversationId(5);
    private static final List<ConversationId> GROUPS = List.of(new ConversationId(6), new ConversationId(7));
    private static final UserId SENDER = new UserId(1);
    private static final Pattern SEARCHES = Pattern.compile("cmdstat_xrevrange:calls=(\\d+)");

    private final StepClock clock = StepClock.started();
    private Redis redis;
    private EventLog log;

    @BeforeEach
    void open() {
        redis = Redis.open(URI.create(REDIS.uri()), 4);
        log = new EventLog(redis, clock, new SimpleMeterRegistry());
    }

    @AfterEach
    void close() {
        log.close();
        redis.close();
    }

    @Test
    void a_stream_is_searched_once_for_many_events() {
        var users = users(20);
        var first = new ArrayList<Publication>();
        var again = new ArrayList<Publication>();
        for (int seq = 1; seq <= 20; seq++) {
            first.add(Publication.first(message(TALK, seq), users));
            again.add(Publication.repeat(message(TALK, seq), users));
        }
        log.publish(first);
        long before = searches();
        for (var outcome : publishAtOnce(again)) {
            assertEquals(users, outcome.toWake().stream().map(ToWake::user).toList());
            assertEquals(
                    Collections.nCopies(20, true),
                    outcome.toWake().stream().map(ToWake::before).toList());
        }
        assertEquals(20, searches() - before, "one for each stream, and not for each of 400 entries");
        users.forEach(user -> assertEquals(20, keys(user).size()));
    }

    @Test
    void the_stream_of_a_group_is_searched_once_for_many_events() {
        var again = new ArrayList<Publication>();
        for (int seq = 1; seq <= 40; seq++) {
            log.publish(List.of(Publication.toGroup(message(GROUPS.getFirst(), seq), 0, Publication.Mode.FIRST)));
            again.add(Publication.toGroup(message(GROUPS.getFirst(), seq), 0, Publication.Mode.REPEAT));
        }
        again.add(Publication.toGroup(message(GROUPS.getFirst(), 41), 0, Publication.Mode.REPEAT));
        long before = searches();
        publishAtOnce(again);
        assertEquals(2, searches() - before, "for the events, and for the last number");
        var entries = new GroupLog(redis).after(GROUPS.getFirst(), GroupLog.Place.START, 100);
        assertEquals(
                LongStream.rangeClosed(1, 41).boxed().toList(),
                entries.stream().map(LiveFrame.Entry::n).toList());
    }

    /** Against a model of each stream: what it has is not told again, and all else is, in the order of the calls. */
    @RepeatedTest(10)
    void every_stream_has_each_event_once_and_in_the_order_of_the_calls() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var streams = new HashMap<UserId, List<String>>();
        var groups = new HashMap<ConversationId, List<String>>();
        var told = new ArrayList<MessageCreated>();
        for (int batch = 0; batch < 6; batch++) {
            var publications = new ArrayList<Publication>();
            for (int i = random.nextInt(60); i >= 0; i--) {
                boolean isRepeat = !told.isEmpty() && random.nextInt(3) > 0;
                var event = isRepeat && random.nextInt(3) > 0
                        ? told.get(random.nextInt(told.size()))
                        : message(conversation(random), told.size() + 1);
                told.add(event);
                var mode = isRepeat ? Publication.Mode.REPEAT : Publication.Mode.FIRST;
                publications.add(publication(event, mode, random));
            }
            publications.forEach(each -> note(each, streams, groups));
            for (var outcome : log.publish(publications)) {
                assertInstanceOf(Published.class, outcome, () -> "seed " + seed);
            }
        }
        streams.forEach((user, keys) -> assertEquals(keys, keys(user), () -> user + ", seed " + seed));
        groups.forEach((group, keys) -> {
            var entries = new GroupLog(redis).after(group, GroupLog.Place.START, 1_000);
            var found = entries.stream().map(entry -> entry.event().key()).toList();
            assertEquals(keys, found, () -> group + ", seed " + seed);
        });
    }

    /** As a lane does with what waits. */
    private List<PublishBatch.Outcome> publishAtOnce(List<Publication> publications) {
        var waiting = publications.stream()
                .map(each -> new PublishLane.Waiting(each, false, 0, outcome -> {}))
                .toList();
        var server = redis.holders().iterator().next();
        try (var connection = PublishConnection.open(redis, server)) {
            var batch = new PublishBatch(waiting, 100);
            return batch.outcomes(connection.run(batch.calls()), "tag");
        }
    }

    private Publication publication(MessageCreated event, Publication.Mode mode, Random random) {
        if (GROUPS.contains(event.conversation())) {
            return Publication.toGroup(event, 0, mode);
        }
        var users = new ArrayList<>(users(130));
        Collections.shuffle(users, random);
        var some = List.copyOf(users.subList(0, 1 + random.nextInt(random.nextBoolean() ? 4 : 130)));
        return mode == Publication.Mode.REPEAT ? Publication.repeat(event, some) : Publication.first(event, some);
    }

    private static ConversationId conversation(Random random) {
        return random.nextInt(3) > 0 ? TALK : GROUPS.get(random.nextInt(GROUPS.size()));
    }

    private static void note(
            Publication publication, Map<UserId, List<String>> streams, Map<ConversationId, List<String>> groups) {
        boolean isRepeat = publication.mode() == Publication.Mode.REPEAT;
        var group = publication.group();
        if (group != null) {
            note(publication, groups.computeIfAbsent(group.conversation(), unused -> new ArrayList<>()), isRepeat);
        }
        for (var user : publication.recipients()) {
            note(publication, streams.computeIfAbsent(user, unused -> new ArrayList<>()), isRepeat);
        }
    }

    private static void note(Publication publication, List<String> stream, boolean isRepeat) {
        var key = publication.event().key();
        if (!isRepeat || !stream.contains(key)) {
            stream.add(key);
        }
    }

    private List<String> keys(UserId user) {
        var tag = log.tag(user);
        var read = log.read(user, new Cursor(0, 0, System.currentTimeMillis(), tag), tag, 1_000);
        return assertInstanceOf(Unbroken.class, read).entries().stream()
                .map(entry -> entry.event().key())
                .toList();
    }

    private static long searches() {
        try (var jedis = REDIS.jedis()) {
            var found = SEARCHES.matcher(jedis.info("commandstats"));
            return found.find() ? Long.parseLong(found.group(1)) : 0;
        }
    }

    private static List<UserId> users(int count) {
        return LongStream.range(100, 100 + count).mapToObj(UserId::new).toList();
    }

    private MessageCreated message(ConversationId conversation, long seq) {
        var body = MessageBody.text("m" + seq);
        return new MessageCreated(
                new Message(conversation, seq, SENDER, "c" + seq, body, clock.instant(), MessageState.NEW), null);
    }
}
