package chat.parley.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.Cursor;
import chat.parley.event.EncodedEvent;
import chat.parley.event.LiveFrame;
import chat.parley.id.UserId;
import chat.parley.testkit.StepClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What is not urgent waits for company, no longer than promised, and never changes places. The wheel is stepped by hand. */
class UrgencyTest {
    private static final UserId USER = new UserId(7);
    private static final String TAG = "abc";
    private static final Pattern ID = Pattern.compile("id: (\\S+)\n");

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final SubscriberRegistry registry = new SubscriberRegistry(20);
    private final StepClock clock = StepClock.started();
    private final Node node = new Node(
            registry,
            new Admission(10, 10),
            new Heartbeats(),
            new StreamEvents(clock),
            new StreamMeters(meters),
            clock,
            new Node.Retries(new Random(1)),
            unused -> {});
    private final SlowEndPoint socket = new SlowEndPoint();
    private int n;

    private Subscriber live(StreamOptions options) {
        var place = node.admission().enter("here", false);
        var subscriber = new Subscriber(
                node,
                socket,
                new StreamOwner(USER, null, Instant.MAX),
                options,
                java.util.Objects.requireNonNull(place),
                Duration.ofMinutes(8),
                new FirstWrite(socket));
        socket.setConnection(subscriber);
        subscriber.answer();
        registry.add(USER, subscriber);
        subscriber.begin(new Cursor(1, 0, 0, TAG));
        assertTrue(subscriber.goLive("{}".getBytes(UTF_8)));
        output();
        return subscriber;
    }

    private static StreamOptions options(boolean idle) {
        return new StreamOptions(StreamOptions.HEARTBEAT, false, true, null, idle);
    }

    private void entry(String type) {
        n++;
        var event = new EncodedEvent(type, "m:" + n, clock.millis(), ("{\"n\":" + n + "}").getBytes(UTF_8));
        registry.deliver(USER, new LiveFrame.Entry(1, n, event), TAG);
    }

    private void lazy(String type, String key, String says) {
        var event = new EncodedEvent(type, key, clock.millis(), ("{\"says\":\"" + says + "\"}").getBytes(UTF_8));
        registry.deliver(USER, new LiveFrame.Ephemeral(event), TAG);
    }

    private String output() {
        socket.writes = 0;
        return UTF_8.decode(socket.takeOutput()).toString();
    }

    private static List<Long> ids(String output) {
        var ids = new ArrayList<Long>();
        var found = ID.matcher(output);
        while (found.find()) {
            ids.add(Cursor.parse(found.group(1)).orElseThrow().n());
        }
        return ids;
    }

    private void ticks(int ticks) {
        for (int i = 0; i < ticks; i++) {
            node.heartbeats().tick();
        }
    }

    private double counted(String meter, String tag, String value) {
        return meters.get(meter).tag(tag, value).counter().count();
    }

    @Test
    void types_have_the_urgency_of_the_contract() {
        for (String type : List.of("message.created", "conversation.updated", "member.left", "of.the.future")) {
            assertEquals(Urgency.NOW, Urgency.of(type), type);
        }
        for (String type : List.of(
                "message.edited",
                "message.deleted",
                "reaction.added",
                "reaction.removed",
                "read.advanced",
                "delivered.advanced")) {
            assertEquals(Urgency.SOON, Urgency.of(type), type);
        }
        for (String type : List.of("typing.started", "presence.changed")) {
            assertEquals(Urgency.LAZY, Urgency.of(type), type);
        }
    }

    @Test
    void an_event_that_is_not_urgent_waits_two_seconds_and_no_longer() {
        live(options(false));
        entry("read.advanced");
        ticks(1);
        assertEquals("", output());
        entry("reaction.added"); // does not begin the wait anew
        ticks(1);
        assertEquals(1, socket.writes);
        assertEquals(List.of(1L, 2L), ids(output()));
        assertEquals(2, counted("parley.stream.held", "urgency", "soon"));
    }

    @Test
    void on_an_idle_device_it_waits_for_the_heartbeat_or_thirty_seconds() {
        live(options(true));
        entry("read.advanced");
        ticks(24);
        assertEquals("", output());
        ticks(1);
        assertEquals(1, socket.writes);
        String beat = output();
        assertEquals(List.of(1L), ids(beat));
        assertTrue(beat.endsWith(":\n\n"), beat); // the heartbeat goes with it
    }

    @Test
    void on_an_idle_device_with_rare_heartbeats_it_waits_thirty_seconds() {
        live(new StreamOptions(Duration.ofMinutes(5), false, true, null, true));
        entry("read.advanced");
        ticks(29);
        assertEquals("", output());
        ticks(1);
        assertEquals(List.of(1L), ids(output()));
    }

    @Test
    void an_urgent_event_takes_along_what_waits_in_the_same_write_and_in_order() {
        live(options(true));
        entry("read.advanced");
        entry("reaction.added");
        assertEquals("", output());
        entry("message.created");
        assertEquals(1, socket.writes);
        assertEquals(List.of(1L, 2L, 3L), ids(output()));
        ticks(24);
        assertEquals("", output()); // nothing is left of the wait
    }

    @Test
    void what_is_held_keeps_its_place_while_the_socket_is_busy() {
        live(options(false));
        socket.slow = true;
        entry("message.created");
        entry("read.advanced");
        entry("message.created");
        entry("read.advanced");
        socket.speedUp();
        ticks(2);
        assertEquals(List.of(1L, 2L, 3L, 4L), ids(output()));
    }

    @Test
    void what_became_due_while_the_socket_was_busy_goes_when_it_is_free() {
        live(options(false));
        socket.slow = true;
        entry("message.created");
        entry("read.advanced");
        ticks(3);
        socket.speedUp();
        assertEquals(List.of(1L, 2L), ids(output()));
    }

    @Test
    void of_lazy_events_the_last_of_each_thing_is_told_without_an_id() {
        live(options(false));
        lazy("presence.changed", "p:1", "online");
        lazy("presence.changed", "p:2", "away");
        lazy("presence.changed", "p:1", "offline");
        ticks(1);
        assertEquals("", output());
        ticks(1);
        String told = output();
        assertFalse(told.contains("online"), told);
        assertTrue(told.indexOf("away") < told.indexOf("offline"), told);
        assertEquals(List.of(), ids(told));
        assertEquals(1, counted("parley.stream.lazy.dropped", "reason", "superseded"));
    }

    @Test
    void an_idle_device_gets_no_lazy_events() {
        live(options(true));
        lazy("typing.started", "t:1", "typing");
        entry("message.created");
        ticks(40);
        assertFalse(output().contains("typing"));
    }

    @Test
    void who_typed_and_sent_is_told_in_that_order() {
        live(options(false));
        entry("read.advanced");
        lazy("typing.started", "t:1", "typing");
        entry("message.created");
        String told = output();
        assertTrue(told.indexOf("typing.started") < told.indexOf("message.created"), told);
        assertEquals(List.of(1L, 2L), ids(told));
    }

    @Test
    void a_typing_sign_is_dropped_when_the_socket_was_busy_for_its_life_and_presence_is_not() {
        live(options(false));
        socket.slow = true;
        entry("message.created");
        lazy("typing.started", "t:1", "typing");
        lazy("presence.changed", "p:1", "away");
        ticks(6);
        socket.speedUp();
        String told = output();
        assertFalse(told.contains("typing"), told);
        assertTrue(told.contains("away"), told);
        assertEquals(1, counted("parley.stream.lazy.dropped", "reason", "stale"));
    }

    @Test
    void held_events_count_toward_the_bounds_of_a_connection() {
        var subscriber = live(options(true));
        for (int i = 0; i < Outgoing.FRAMES_MAX; i++) {
            entry("read.advanced");
        }
        assertEquals("", output());
        entry("read.advanced"); // the socket is free: no reason to close
        assertEquals(Outgoing.FRAMES_MAX + 1, ids(output()).size());

        socket.slow = true;
        entry("message.created");
        for (int i = 0; i < Outgoing.FRAMES_MAX; i++) {
            entry(i % 2 == 0 ? "read.advanced" : "message.created");
        }
        assertFalse(subscriber.isOver());
        entry("read.advanced");
        assertTrue(subscriber.isOver());
        assertEquals(1, counted("parley.stream.closes", "reason", "too_slow"));
    }

    @Test
    void more_lazy_events_than_a_screen_shows_are_dropped() {
        live(options(false));
        for (int i = 0; i <= Outgoing.LAZY_MAX; i++) {
            lazy("presence.changed", "p:" + i, "of " + i + ".");
        }
        ticks(2);
        String told = output();
        assertFalse(told.contains("of 0."), told);
        assertTrue(told.contains("of " + Outgoing.LAZY_MAX + "."), told);
        assertEquals(1, counted("parley.stream.lazy.dropped", "reason", "full"));
    }

    @Test
    void a_stream_whose_time_is_up_says_first_what_it_holds() {
        live(new StreamOptions(Duration.ofMinutes(5), false, true, null, true));
        ticks(470);
        entry("read.advanced");
        ticks(10); // the end of its eight minutes
        assertEquals(List.of(1L), ids(output()));
        assertFalse(socket.isOpen());
    }

    @Test
    void an_id_that_is_owed_comes_after_what_is_held() {
        var filter = new Filter(java.util.Set.of("read.advanced"), java.util.Set.of());
        live(new StreamOptions(Duration.ofSeconds(10), false, true, filter, true));
        entry("read.advanced");
        entry("message.created"); // left out: its id comes with the heartbeat
        ticks(10);
        assertEquals(List.of(1L, 2L), ids(output()));
    }
}
