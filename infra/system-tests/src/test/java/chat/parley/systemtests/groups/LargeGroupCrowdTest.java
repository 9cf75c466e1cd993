package chat.parley.systemtests.groups;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.Cursor;
import chat.parley.id.ConversationId;
import chat.parley.redis.RedisKeys;
import chat.parley.systemtests.groups.GroupWorld.Person;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Hundreds of one large group come back at once, and are answered together: each is told what is their own. */
@Timeout(180)
class LargeGroupCrowdTest extends LargeGroupScene {
    private static final int CROWD = 240;
    private static final int MISSED = 20;

    /** One in so many left while they were away. */
    private static final int LEFT = 4;

    /** Made once: hashing the passwords of so many takes most of a minute. */
    private static final List<Person> MADE = new ArrayList<>();

    /** Who comes back is told the last minute again. */
    private static final long OVERLAP_MILLIS = 60_000;

    private final List<Person> crowd = new ArrayList<>();
    private final List<String> ids = new ArrayList<>();
    private String group;
    private long first;

    /** Everyone was told one message, and has an id whose minute begins after it, so that the group's stream reaches back so far. Such an id is ahead of the clock. */
    @BeforeEach
    void gather() throws Exception {
        group = ann.group(bob, cid, dee);
        while (MADE.size() < CROWD) {
            MADE.add(world.person());
        }
        MADE.forEach(person -> crowd.add(world.again(person)));
        ann.add(group, crowd.toArray(Person[]::new));
        first = 1 + ann.say(group, "told");
        for (var person : crowd) {
            var place = person.poll(node, null, 0).at("/last_event_id").asText();
            var cursor = Cursor.parse(place.replaceFirst("~.*", "")).orElseThrow();
            ids.add(cursor.withTime(cursor.timeMillis() + OVERLAP_MILLIS).toString());
        }
    }

    @Test
    void each_is_told_once_and_in_order_what_was_missed_and_who_left_nothing() throws Exception {
        sayAll("missed ");
        assertAllTold();
    }

    @Test
    void so_it_is_where_history_has_to_tell() throws Exception {
        sayAll("missed ");
        try (var jedis = REDIS.jedis()) {
            jedis.del(RedisKeys.group(ConversationId.parse(group)));
        }
        assertAllTold();
    }

    @Test
    void what_is_said_and_who_leaves_while_they_come_is_told_as_if_each_came_alone() throws Exception {
        sayAll("missed ");
        var flowing = LargeGroupTest.flow(ann, group);
        try (var leaving = Executors.newVirtualThreadPerTaskExecutor()) {
            var gone = leaving.submit(() -> {
                for (int i = 0; i < CROWD; i += LEFT) {
                    ann.remove(group, crowd.get(i));
                }
                return true;
            });
            var streams = comeBack();
            assertTrue(gone.get());
            long last = flowing.end();
            for (int i = 0; i < CROWD; i++) {
                try (var stream = streams.get(i)) {
                    if (i % LEFT == 0) {
                        long leftSeq = world.leftSeq(group, crowd.get(i));
                        assertEquals(
                                List.of(),
                                stream.seqs(group).stream()
                                        .filter(seq -> seq > leftSeq)
                                        .toList());
                    } else {
                        stream.assertWhole(group, first, last);
                    }
                }
            }
        }
    }

    private void sayAll(String text) throws Exception {
        for (int i = 0; i < MISSED; i++) {
            ann.say(group, text + i);
        }
    }

    /**
     * Of those who left meanwhile nobody is told what was said after it, nor what was said before while they were away. Who is looked at by the clock in the moment
     * of coming is told the minute before that moment, which begins earlier than that of an id ahead of the clock.
     */
    private void assertAllTold() throws Exception {
        for (int i = 0; i < CROWD; i += LEFT) {
            ann.remove(group, crowd.get(i));
        }
        long last = ann.say(group, "after some left");
        var streams = comeBack();
        var missed = LongStream.rangeClosed(first, last).boxed().toList();
        for (int i = 0; i < CROWD; i++) {
            try (var stream = streams.get(i)) {
                var told = stream.seqs(group);
                if (i % LEFT == 0) {
                    assertEquals(List.of(), told, "person " + i);
                } else {
                    var again =
                            LongStream.rangeClosed(told.getFirst(), first - 1).boxed();
                    assertEquals(Stream.concat(again, missed.stream()).toList(), told, "person " + i);
                }
            }
        }
    }

    private List<Listening> comeBack() throws Exception {
        var calls = new ArrayList<Callable<Listening>>();
        for (int i = 0; i < CROWD; i++) {
            int number = i;
            calls.add(() -> crowd.get(number).listen(node, ids.get(number)));
        }
        var streams = new ArrayList<Listening>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var stream : threads.invokeAll(calls)) {
                streams.add(stream.get());
            }
        }
        return streams;
    }
}
