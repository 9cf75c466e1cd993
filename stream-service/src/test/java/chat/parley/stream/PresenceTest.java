package chat.parley.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.EphemeralEvent.TypingStarted;
import chat.parley.event.EventLog;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.presence.Chosen;
import chat.parley.presence.Presence;
import chat.parley.presence.Presence.Status;
import chat.parley.presence.PresenceAudience;
import chat.parley.presence.PresenceLeases;
import chat.parley.presence.PresenceLeases.Choice;
import chat.parley.stream.StreamWorld.Person;
import chat.parley.testkit.LiveTap;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import chat.parley.testkit.StepClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.eclipse.jetty.io.ByteArrayEndPoint;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Several nodes over a real Redis and PostgreSQL, their seconds counted by hand. */
class PresenceTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final UserId NOBODY = new UserId(1);
    private static final Pattern STATUS = Pattern.compile("\"status\":\"([a-z]+)\"");

    private final StepClock clock = StepClock.started();
    private final List<Node> nodes = new ArrayList<>();
    private StreamWorld world;
    private PresenceLeases leases;
    private @Nullable LiveTap tap;
    private Person ann;
    private Person ben;

    @BeforeEach
    void open() {
        world = new StreamWorld(POSTGRES, uri());
        leases = new PresenceLeases(world.redis, clock);
        ann = world.person();
        ben = world.person();
        world.direct(ann, ben);
    }

    /** Where it runs; a single Redis, here. */
    String uri() {
        return REDIS.uri();
    }

    void emptyRedis() {
        REDIS.flushAll();
    }

    /** Everything that presence keeps in Redis. */
    Set<String> kept() {
        try (var redis = REDIS.jedis()) {
            return redis.keys("p*");
        }
    }

    @AfterEach
    void close() throws Exception {
        if (tap != null) {
            tap.close();
        }
        nodes.forEach(node -> node.log.close());
        world.close();
    }

    /** The parts of a stream node that presence is made of. */
    private final class Node {
        private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
        private final EventLog log = new EventLog(world.redis, clock, meters);
        private final SubscriberRegistry registry = new SubscriberRegistry(20);
        private final chat.parley.stream.Node shared = new chat.parley.stream.Node(
                registry,
                new Admission(5_000, 5_000),
                new Heartbeats(),
                new StreamEvents(clock),
                new StreamMeters(meters),
                clock,
                new chat.parley.stream.Node.Retries(new Random(1)),
                unused -> {});
        private final PresenceWatch watch;
        private boolean dead;
        private boolean busy;

        Node() {
            var presenceMeters = new PresenceMeters(meters);
            var announcer =
                    new PresenceAnnouncer(leases, new PresenceAudience(world.postgres), log, clock, presenceMeters);
            watch = new PresenceWatch(registry, leases, announcer, "node" + nodes.size(), () -> busy, presenceMeters);
            nodes.add(this);
        }

        Subscriber connect(Person person, boolean idle) {
            var socket = new ByteArrayEndPoint(new byte[0], 1_024, true);
            var subscriber = new Subscriber(
                    shared,
                    socket,
                    new StreamOwner(person.user(), null, Instant.MAX),
                    new StreamOptions(StreamOptions.HEARTBEAT, false, true, null, idle),
                    Objects.requireNonNull(shared.admission().enter("here", false)),
                    Duration.ofMinutes(8),
                    new FirstWrite(socket));
            assertTrue(registry.add(person.user(), subscriber));
            return subscriber;
        }

        double counted(String meter, String tag, String value) {
            return meters.get(meter).tag(tag, value).counter().count();
        }
    }

    private void seconds(int seconds) {
        for (int i = 0; i < seconds; i++) {
            clock.advance(Duration.ofSeconds(1));
            nodes.stream().filter(node -> !node.dead).forEach(node -> node.watch.tick());
        }
    }

    private void listen(Collection<UserId> users) throws Exception {
        var all = new ArrayList<>(users);
        all.add(NOBODY);
        tap = new LiveTap(uri(), all);
    }

    /** What {@code user} was told of others' status so far, and everything that is under way has arrived. */
    private List<String> told(UserId user) {
        settled();
        return Objects.requireNonNull(tap).ephemeral(user).stream()
                .map(json -> {
                    var status = STATUS.matcher(json);
                    return status.find() ? status.group(1) : json;
                })
                .toList();
    }

    private void settled() {
        var heard = Objects.requireNonNull(tap);
        for (var node : nodes) {
            int before = heard.ephemeral(NOBODY).size();
            node.log.tellLive(new TypingStarted(new ConversationId(1), NOBODY, clock.instant()), List.of(NOBODY));
            Awaitility.await().until(() -> heard.ephemeral(NOBODY).size() > before);
        }
    }

    private Presence seen(Person person) {
        return Objects.requireNonNull(leases.read(List.of(person.user())).get(person.user()));
    }

    @Test
    void who_comes_is_told_to_peers_after_two_seconds_and_to_nobody_else() throws Exception {
        var cat = world.person();
        world.group(ann, List.of(ben, cat)); // shares a group with her, no direct conversation
        listen(List.of(ann.user(), ben.user(), cat.user()));
        var node = new Node();
        node.connect(ann, false);
        seconds(2);
        assertEquals(List.of(), told(ben.user()));
        assertEquals(Status.ONLINE, seen(ann).status()); // who asks is told at once
        seconds(1);
        assertEquals(List.of("online"), told(ben.user()));
        assertEquals(List.of(), told(cat.user()));
        assertEquals(List.of(), told(ann.user()));
        assertTrue(Objects.requireNonNull(tap)
                .ephemeral(ben.user())
                .getFirst()
                .contains("\"data\":{\"user_id\":\"" + ann.user() + "\",\"status\":\"online\",\"last_seen_at\":"));
        seconds(200);
        assertEquals(List.of("online"), told(ben.user()));
        assertEquals(1, node.counted("parley.presence.changes", "status", "online"));
    }

    @Test
    void a_connection_that_comes_and_goes_says_nothing() throws Exception {
        listen(List.of(ben.user()));
        var node = new Node();
        for (int i = 0; i < 5; i++) {
            var stream = node.connect(ann, false);
            seconds(1);
            stream.close();
            seconds(3);
        }
        seconds(60);
        assertEquals(List.of(), told(ben.user()));
        assertEquals(Status.OFFLINE, seen(ann).status());
    }

    @Test
    void who_goes_is_told_of_after_thirty_seconds_and_not_if_they_come_back() throws Exception {
        listen(List.of(ben.user()));
        var one = new Node();
        var two = new Node();
        var stream = one.connect(ann, false);
        seconds(5);
        stream.close();
        seconds(29);
        stream = two.connect(ann, false); // on another node
        seconds(60);
        assertEquals(List.of("online"), told(ben.user()));
        stream.close();
        var left = clock.instant().plusSeconds(1); // when the next tick says so
        seconds(30);
        assertEquals(List.of("online"), told(ben.user()));
        seconds(2);
        assertEquals(List.of("online", "offline"), told(ben.user()));
        assertEquals(Status.OFFLINE, seen(ann).status());
        assertEquals(left, seen(ann).lastSeen());
        assertEquals(
                List.of(),
                kept().stream().filter(key -> key.startsWith("presence")).toList(),
                "nobody to be looked at");
    }

    @Test
    void who_was_on_a_node_that_died_without_a_word_is_gone_after_ninety_seconds() throws Exception {
        listen(List.of(ben.user()));
        var dying = new Node();
        new Node();
        dying.connect(ann, false);
        seconds(60);
        dying.dead = true;
        var lastSeen = Objects.requireNonNull(seen(ann).lastSeen());
        var end = lastSeen.plus(PresenceLeases.LEASE);
        while (clock.instant().plusSeconds(1).isBefore(end)) {
            seconds(1);
        }
        assertEquals(List.of("online"), told(ben.user()));
        seconds(2);
        assertEquals(List.of("online", "offline"), told(ben.user()));
        assertEquals(lastSeen, seen(ann).lastSeen());
    }

    @Test
    void of_several_devices_the_most_awake_one_counts() throws Exception {
        listen(List.of(ben.user()));
        var one = new Node();
        var two = new Node();
        var pocket = one.connect(ann, true);
        seconds(3);
        assertEquals(List.of("away"), told(ben.user()));
        var desk = two.connect(ann, false);
        var second = one.connect(ann, false);
        seconds(3);
        assertEquals(List.of("away", "online"), told(ben.user()));
        desk.close();
        seconds(60);
        second.close();
        seconds(29);
        assertEquals(List.of("away", "online"), told(ben.user()));
        seconds(4);
        assertEquals(List.of("away", "online", "away"), told(ben.user()));
        pocket.close();
        seconds(33);
        assertEquals(List.of("away", "online", "away", "offline"), told(ben.user()));
    }

    @Test
    void a_choice_is_told_within_seconds_and_invisible_looks_like_gone() throws Exception {
        listen(List.of(ben.user()));
        var node = new Node();
        node.connect(ann, false);
        seconds(3);
        leases.choose(ann.user(), new Choice(Chosen.AWAY, "lunch"));
        seconds(1);
        assertEquals(List.of("online", "away"), told(ben.user()));
        assertEquals("lunch", seen(ann).text());
        var hidden = clock.instant();
        leases.choose(ann.user(), new Choice(Chosen.INVISIBLE, null));
        seconds(1);
        leases.choose(ann.user(), new Choice(Chosen.INVISIBLE, null)); // saying it again moves nothing
        seconds(100);
        assertEquals(List.of("online", "away", "offline"), told(ben.user()));
        assertEquals(new Presence(ann.user(), Status.OFFLINE, null, hidden), seen(ann));
        assertEquals(new Choice(Chosen.INVISIBLE, null), leases.choice(ann.user()));
        leases.choose(ann.user(), new Choice(Chosen.ONLINE, null));
        seconds(1);
        assertEquals(List.of("online", "away", "offline", "online"), told(ben.user()));
    }

    @Test
    void each_change_is_told_once_however_many_nodes_look() throws Exception {
        listen(List.of(ben.user()));
        for (int i = 0; i < 4; i++) {
            new Node();
        }
        nodes.getFirst().connect(ann, false);
        for (int second = 0; second < 60; second++) {
            clock.advance(Duration.ofSeconds(1));
            var ticks = nodes.stream()
                    .map(node -> Thread.ofVirtual().start(node.watch::tick))
                    .toList();
            for (var tick : ticks) {
                tick.join();
            }
        }
        assertEquals(List.of("online"), told(ben.user()));
    }

    @Test
    void what_a_node_claimed_and_did_not_tell_another_one_tells() throws Exception {
        listen(List.of(ben.user()));
        var node = new Node();
        node.connect(ann, false);
        seconds(1);
        clock.advance(Duration.ofSeconds(2));
        assertEquals(1, leases.claim(10).people().size()); // by one that dies now
        seconds(5);
        assertEquals(List.of(), told(ben.user()));
        seconds(6);
        assertEquals(List.of("online"), told(ben.user()));
    }

    @Test
    void under_load_nothing_is_told_and_leases_hold() throws Exception {
        listen(List.of(ben.user()));
        var node = new Node();
        node.connect(ann, false);
        node.busy = true;
        seconds(300);
        assertEquals(List.of(), told(ben.user()));
        assertEquals(Status.ONLINE, seen(ann).status());
        assertEquals(300, node.counted("parley.presence.skipped", "work", "announcement"));
        assertTrue(node.counted("parley.presence.skipped", "work", "renewal") >= 200 - PresenceWatch.PERIOD_TICKS);
        node.busy = false;
        seconds(1);
        assertEquals(List.of("online"), told(ben.user()));
    }

    @Test
    void a_redis_that_lost_everything_learns_within_half_a_minute_who_is_there() {
        var node = new Node();
        node.connect(ann, false);
        seconds(3);
        emptyRedis();
        assertEquals(Status.OFFLINE, seen(ann).status());
        assertNull(seen(ann).lastSeen());
        seconds(PresenceWatch.PERIOD_TICKS);
        assertEquals(Status.ONLINE, seen(ann).status());
    }

    @Test
    void of_an_erased_account_nothing_is_left() {
        var node = new Node();
        var stream = node.connect(ann, false);
        leases.choose(ann.user(), new Choice(Chosen.AWAY, "private"));
        seconds(3);
        stream.close();
        seconds(1);
        leases.forget(ann.user());
        seconds(40);
        assertEquals(Set.of(), kept());
        assertEquals(Presence.unknown(ann.user()), seen(ann));
    }

    @Test
    void while_the_stores_are_away_nothing_is_lost() throws Exception {
        listen(List.of(ben.user()));
        var node = new Node();
        node.connect(ann, false);
        seconds(1);
        try (var database = POSTGRES.dataSource().getConnection();
                var sql = database.createStatement()) {
            sql.execute("ALTER TABLE member RENAME TO member_away"); // peers cannot be read
            seconds(5);
            sql.execute("ALTER TABLE member_away RENAME TO member");
        }
        assertEquals(List.of(), told(ben.user()));
        seconds(12);
        assertEquals(List.of("online"), told(ben.user()));
    }

    @Test
    void what_is_known_of_someone_is_kept_for_a_month_from_when_they_went() throws Exception {
        long never = -1;
        listen(List.of(ben.user()));
        var node = new Node();
        var stream = node.connect(ann, false);
        seconds(5);
        leases.choose(ann.user(), new PresenceLeases.Choice(Chosen.AWAY, "at lunch"));
        seconds(5);
        assertEquals(never, secondsKept());
        stream.close();
        seconds(120);
        assertTrue(secondsKept() > Duration.ofDays(29).toSeconds());
        leases.choose(ann.user(), new PresenceLeases.Choice(Chosen.AWAY, "at home"));
        assertTrue(secondsKept() > Duration.ofDays(29).toSeconds());
        node.connect(ann, false);
        seconds(5);
        assertEquals(never, secondsKept());
        assertEquals("at home", leases.choice(ann.user()).text());
    }

    private long secondsKept() {
        var key = kept().stream()
                .filter(name -> name.endsWith(ann.user().toString()))
                .findFirst()
                .orElseThrow();
        return world.redis.with(it -> it.ttl(key));
    }

    @Test
    void a_thousand_people_on_a_node_that_restarts_are_no_news_and_cost_little_memory() throws Exception {
        var crowd = new ArrayList<Person>();
        for (int i = 0; i < 1_000; i++) {
            crowd.add(world.person());
            if (i > 0) {
                world.direct(crowd.get(i - 1), crowd.get(i));
            }
        }
        listen(crowd.stream().map(Person::user).toList());
        var first = new Node();
        var streams = crowd.stream().map(person -> first.connect(person, false)).toList();
        seconds(5);
        settled();
        assertEquals(1_000, first.counted("parley.presence.changes", "status", "online"));
        try (var redis = REDIS.jedis()) {
            double bytes = redis.memoryUsage("presence", 0);
            for (var person : crowd) {
                bytes += redis.memoryUsage("p:" + person.user());
            }
            double each = bytes / crowd.size();
            assertTrue(each < 512, () -> each + " bytes a person");
        }

        // It leaves. Some take their time: told to come back in half a minute, in a train, on a phone that sleeps.
        double told = publications();
        seconds(PresenceWatch.PERIOD_TICKS);
        first.watch.leave();
        streams.forEach(Subscriber::close);
        var second = new Node();
        seconds(80);
        crowd.forEach(person -> second.connect(person, false));
        seconds(100);
        assertEquals(told, publications());

        // It is killed: nothing is said of anyone.
        second.dead = true;
        var third = new Node();
        seconds(30);
        crowd.forEach(person -> third.connect(person, false));
        seconds(150);
        assertEquals(told, publications());
    }

    private double publications() {
        return nodes.stream()
                .mapToDouble(node -> node.counted("parley.publications", "outcome", "live"))
                .sum();
    }
}
