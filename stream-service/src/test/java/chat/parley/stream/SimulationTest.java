package chat.parley.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.conversation.Head;
import chat.parley.event.Cursor;
import chat.parley.event.EncodedEvent;
import chat.parley.event.EventLog;
import chat.parley.event.LiveFrame;
import chat.parley.id.UserId;
import chat.parley.testkit.StepClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.eclipse.jetty.io.ByteArrayEndPoint;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import redis.clients.jedis.HostAndPort;

/**
 * Register, replay and go live in an ugly world: cuts, trims, an emptied Redis, failovers that lose entries, lost and repeated publications,
 * events in the middle of every read, sockets that take their time, events that are held back. The stream's own classes, everything around them simulated, all chance from one seed.
 */
class SimulationTest {
    private static final UserId USER = new UserId(7);
    private static final HostAndPort REDIS = new HostAndPort("redis.example", 6379);
    private static final int STEPS = 300;

    /** All, or the one of {@code -Dseed=N}. */
    static LongStream seeds() {
        Long one = Long.getLong("seed");
        return one == null ? LongStream.range(0, 300) : LongStream.of(one);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void the_client_ends_with_everything_whatever_happened(long seed) {
        var world = new World(new Random(seed));
        for (int step = 0; step < STEPS; step++) {
            world.step();
        }
        world.heal();
        var expected = new TreeSet<>(LongStream.rangeClosed(world.firstExpected, world.committed.size())
                .boxed()
                .toList());
        assertTrue(
                world.received.containsAll(expected),
                () -> "seed=" + seed + " missing " + missing(expected, world.received));
        assertEquals(List.of(), world.broken, "seed=" + seed);
    }

    private static Set<Long> missing(Set<Long> expected, Set<Long> received) {
        var missing = new TreeSet<>(expected);
        missing.removeAll(received);
        return missing;
    }

    private static final class World implements Window, History {
        private static final int TRIM = 20;

        private final Random random;
        private final StepClock clock = StepClock.started();
        private final SubscriberRegistry registry = new SubscriberRegistry(20);
        private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
        private final List<LiveFrame.Entry> stream = new ArrayList<>();
        private final ArrayDeque<LiveFrame> onTheWire = new ArrayDeque<>();
        private final List<EncodedEvent> committed = new ArrayList<>();
        private final TreeSet<Long> received = new TreeSet<>();
        private final List<String> broken = new ArrayList<>();
        private final StreamMeters meters = new StreamMeters(new SimpleMeterRegistry());
        private final Rebuilds rebuilds = new Rebuilds(Rebuilds.Limits.DEFAULT, meters, System::nanoTime);
        private final Past past = new Past(this, this, rebuilds, 1, clock);
        private final CatchUp catchUp = new CatchUp(past, (user, live) -> GroupReplay.NONE);
        /** Now and then somebody is to be brought up to date alone, as people of large groups are. */
        private final Arrivals arrivals = new Arrivals(
                catchUp, past, new Arrivals.Stores(unused -> REDIS, users -> inNoGroup(users)), tasks::add);

        private final Node node;
        private final StringBuilder unread = new StringBuilder();
        private long epoch;
        private long n;
        private int generation = 1;
        private int reading;
        private String feedTag = tag();
        private boolean healed;
        private int committedAtHead;
        /** A new stream begins at the head that it names; what came before it is not promised. */
        private long firstExpected = 1;

        private @Nullable String lastEventId;
        private @Nullable Cursor lastEvent;
        private @Nullable SlowEndPoint endPoint;
        private boolean idle;

        World(Random random) {
            this.random = random;
            node = new Node(
                    registry,
                    new Admission(10, 10),
                    new Heartbeats(),
                    new StreamEvents(clock),
                    meters,
                    clock,
                    new Node.Retries(random),
                    behind -> tasks.add(() -> catchUp.again(behind)));
            // Redis confirms at once; what a late confirmation means is tested on the real one.
            registry.connect(new SubscriberRegistry.Channels() {
                @Override
                public void subscribe(Channel channel) {
                    channel.confirmed();
                }

                @Override
                public void unsubscribe(Channel channel) {
                    onTheWire.clear();
                }
            });
        }

        void step() {
            clock.advance(Duration.ofMillis(random.nextInt(400)));
            if (random.nextInt(3) == 0) {
                node.heartbeats().tick();
            }
            switch (random.nextInt(24)) {
                case 0, 1, 2, 3, 4, 5, 6 -> commitAndPublish();
                case 7, 8, 9 -> deliver();
                case 10 -> slowDown();
                case 11, 12, 13 -> runTask();
                case 14 -> connect();
                case 15 -> cut();
                case 16 -> trim();
                case 17 -> reconnectFeed();
                case 18 -> rarely(this::emptyRedis);
                case 19, 20 -> publishLazy();
                case 21, 22 -> speedUp();
                default -> rarely(this::failOver);
            }
            read();
        }

        /** Nothing bad happens any more: everything under way arrives. */
        void heal() {
            healed = true;
            speedUp();
            reconnectFeed();
            if (endPoint == null || !endPoint.isOpen()) {
                cut();
                connect();
            }
            settle();
            commitAndPublish();
            settle();
            reconnectFeed();
            settle();
        }

        private void settle() {
            while (!tasks.isEmpty() || !onTheWire.isEmpty()) {
                deliver();
                runTask();
            }
            for (int tick = 0; tick <= StreamOptions.HOLD_TICKS_IDLE; tick++) {
                node.heartbeats().tick();
            }
            read();
        }

        private void slowDown() {
            if (endPoint != null) {
                endPoint.slow = true;
            }
        }

        private void speedUp() {
            if (endPoint != null) {
                endPoint.speedUp();
            }
        }

        private void publishLazy() {
            var event = new EncodedEvent(
                    "typing.started",
                    "t:" + random.nextInt(3),
                    clock.millis(),
                    "{\"type\":\"typing.started\"}".getBytes(UTF_8));
            onTheWire.add(new LiveFrame.Ephemeral(event));
        }

        private void rarely(Runnable disaster) {
            if (random.nextInt(4) == 0) {
                disaster.run();
            }
        }

        private void commitAndPublish() {
            long number = committed.size() + 1L;
            String type = random.nextInt(3) == 0 ? "message.created" : "reaction.added";
            String json = "{\"type\":\"" + type + "\",\"seq\":" + number + ",\"x\":1}";
            var event = new EncodedEvent(type, "m:" + number, clock.millis(), json.getBytes(UTF_8));
            committed.add(event);
            if (stream.isEmpty() && n == 0) {
                epoch = clock.millis();
            }
            n++;
            var entry = new LiveFrame.Entry(epoch, n, event);
            stream.add(entry);
            // A publication can be lost on its way, and come twice.
            int copies = healed ? 1 : random.nextInt(12) == 0 ? 0 : random.nextInt(12) == 0 ? 2 : 1;
            for (int i = 0; i < copies; i++) {
                onTheWire.add(entry);
            }
        }

        private void deliver() {
            for (int burst = 1 + random.nextInt(4); burst > 0 && !onTheWire.isEmpty(); burst--) {
                registry.deliver(USER, onTheWire.remove(), feedTag);
            }
        }

        private void runTask() {
            var task = tasks.poll();
            if (task == null) {
                return;
            }
            var socket = endPoint;
            boolean slow = socket != null && socket.slow;
            speedUp(); // a replay waits for the socket, and there is but one thread here
            task.run();
            if (socket != null) {
                socket.slow = slow;
            }
        }

        private void connect() {
            if (endPoint != null && endPoint.isOpen()) {
                return;
            }
            cut();
            if (lastEventId == null) {
                received.clear();
            }
            var place = node.admission().enter("here", false);
            if (place == null) {
                broken.add("a place was not given back");
                return;
            }
            var opened = new SlowEndPoint();
            endPoint = opened;
            idle = random.nextBoolean();
            lastEvent = null;
            var subscriber = new Subscriber(
                    node,
                    opened,
                    new StreamOwner(USER, null, Instant.MAX),
                    new StreamOptions(StreamOptions.HEARTBEAT, false, true, null, idle),
                    place,
                    Duration.ofMinutes(10),
                    new FirstWrite(opened));
            opened.setConnection(subscriber);
            arrivals.add(subscriber, lastEventId);
        }

        /** The client is cut off; what it had not read is lost to it. */
        private void cut() {
            var open = endPoint;
            endPoint = null;
            if (open != null && open.getConnection() instanceof Subscriber subscriber) {
                if (random.nextBoolean()) {
                    read(open);
                }
                subscriber.close();
            }
            unread.setLength(0);
        }

        private void trim() {
            while (stream.size() > TRIM) {
                stream.removeFirst();
            }
        }

        /** The feed's connection was lost and is back: frames on the wire are gone, everyone reads again. */
        private void reconnectFeed() {
            onTheWire.clear();
            feedTag = tag();
            registry.forEachChannel(Channel::missed);
        }

        private void emptyRedis() {
            stream.clear();
            n = 0;
            generation++;
            clock.advance(Duration.ofMillis(1));
            noticeTag();
        }

        /** A replica takes over that lacks the last entries; new ones take their numbers. */
        private void failOver() {
            for (int lost = random.nextInt(3); lost > 0 && !stream.isEmpty(); lost--) {
                stream.removeLast();
                n--;
            }
            generation++;
            reconnectFeed();
        }

        private void noticeTag() {
            tasks.add(() -> {
                feedTag = tag();
                registry.forEachChannel(Channel::missed);
            });
        }

        private String tag() {
            return Integer.toHexString(generation);
        }

        // ---- the stores

        @Override
        public Optional<Page> after(UserId user, Cursor cursor, int limit) {
            interfere();
            if (!cursor.tag().equals(tag())) {
                return Optional.empty();
            }
            int from = 0;
            if (cursor.n() == 0) {
                boolean whole = stream.isEmpty() ? n == 0 : stream.getFirst().n() == 1;
                if (!whole) {
                    return Optional.empty();
                }
            } else {
                while (from < stream.size() && !isAt(stream.get(from), cursor)) {
                    from++;
                }
                if (from++ == stream.size()) {
                    return Optional.empty();
                }
            }
            int few = 1 + random.nextInt(5);
            var entries = List.copyOf(stream.subList(from, Math.min(stream.size(), from + few)));
            if (entries.isEmpty()) {
                return Optional.of(new Page(entries, cursor, false));
            }
            var last = entries.getLast();
            var reached = new Cursor(last.epoch(), last.n(), last.event().timeMillis(), tag());
            var page = new Page(entries, reached, entries.size() == few);
            interfere();
            return Optional.of(page);
        }

        private static boolean isAt(LiveFrame.Entry entry, Cursor cursor) {
            return entry.epoch() == cursor.epoch() && entry.n() == cursor.n();
        }

        @Override
        public List<@Nullable Cursor> heads(List<UserId> users) {
            return users.stream().<@Nullable Cursor>map(this::head).toList();
        }

        @Override
        public List<@Nullable Page> shortPages(List<EventLog.Place> places, int limit) {
            return places.stream()
                    .<@Nullable Page>map(place -> after(place.user(), place.after(), limit)
                            .filter(page -> !page.more())
                            .orElse(null))
                    .toList();
        }

        private Set<UserId> inNoGroup(Collection<UserId> users) {
            return random.nextInt(4) == 0 ? Set.of() : Set.copyOf(users);
        }

        @Override
        public Cursor head(UserId user) {
            interfere();
            committedAtHead = committed.size();
            if (stream.isEmpty()) {
                return new Cursor(n == 0 ? 0 : epoch, n, clock.millis(), tag());
            }
            var last = stream.getLast();
            return new Cursor(last.epoch(), last.n(), last.event().timeMillis(), tag());
        }

        @Override
        public Changes since(UserId user, Instant since) {
            interfere();
            var changes = new ArrayDeque<>(committed.stream()
                    .filter(event -> event.timeMillis() >= since.toEpochMilli())
                    .toList());
            return new Changes() {
                @Override
                public long count() {
                    return changes.size();
                }

                @Override
                public List<EncodedEvent> next(int limit) {
                    interfere();
                    var part = new ArrayList<EncodedEvent>();
                    while (part.size() < Math.min(limit, 7) && !changes.isEmpty()) {
                        part.add(changes.remove());
                    }
                    return part;
                }
            };
        }

        @Override
        public List<Head> heads(UserId user, int limit) {
            broken.add("a reset, though nothing is older than a minute's overlap can tell");
            return List.of();
        }

        /** In the middle of a read the world goes on. */
        private void interfere() {
            if (healed || reading > 2) {
                return;
            }
            reading++;
            switch (random.nextInt(8)) {
                case 0, 1 -> commitAndPublish();
                case 2 -> deliver();
                case 3 -> {
                    commitAndPublish();
                    deliver();
                }
                default -> {
                    // Nothing in between.
                }
            }
            reading--;
        }

        // ---- the client

        private void read() {
            if (endPoint != null) {
                read(endPoint);
            }
        }

        private void read(ByteArrayEndPoint from) {
            ByteBuffer output = from.takeOutput();
            unread.append(UTF_8.decode(output));
            for (int end = unread.indexOf("\n\n"); end >= 0; end = unread.indexOf("\n\n")) {
                take(unread.substring(0, end));
                unread.delete(0, end + 2);
            }
        }

        private void take(String frame) {
            if (frame.contains("\"resumed\":\"new\"")) {
                firstExpected = committedAtHead + 1L;
            }
            if (idle && frame.contains("typing.started")) {
                broken.add("an idle device was told that someone types");
            }
            for (String line : frame.split("\n", -1)) {
                if (line.startsWith("data: {") && line.contains("\"seq\":")) {
                    int at = line.indexOf("\"seq\":") + 6;
                    received.add(Long.parseLong(line.substring(at, line.indexOf(',', at))));
                }
            }
            for (String line : frame.split("\n", -1)) {
                if (line.startsWith("id: ")) {
                    lastEventId = line.substring(4);
                    inOrder(Cursor.parse(lastEventId).orElseThrow(), frame.contains("\"seq\":"));
                }
            }
        }

        /** On one connection positions never go back, and no event comes twice under its id. */
        private void inOrder(Cursor id, boolean isEvent) {
            var before = lastEvent;
            if (before != null && before.epoch() == id.epoch() && before.tag().equals(id.tag())) {
                if (id.n() < before.n() || (isEvent && id.n() == before.n())) {
                    broken.add(id + " after " + before);
                }
            }
            lastEvent = id;
        }
    }
}
