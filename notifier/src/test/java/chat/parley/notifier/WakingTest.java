package chat.parley.notifier;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.id.DeviceId;
import chat.parley.id.UserId;
import chat.parley.message.PostgresMessageStore;
import chat.parley.notifier.LocalPushService.Misbehaviour.Answer;
import chat.parley.notifier.LocalPushService.Misbehaviour.Late;
import chat.parley.notifier.LocalPushService.Misbehaviour.Reset;
import chat.parley.postgres.Postgres;
import chat.parley.presence.PresenceLeases;
import chat.parley.push.DeviceState;
import chat.parley.push.Devices;
import chat.parley.push.PushJob;
import chat.parley.push.PushJob.Only;
import chat.parley.push.PushJob.Wake;
import chat.parley.push.PushJobs;
import chat.parley.redis.RedisKeys;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** From a job in the queue to what a browser decrypts, by a whole notifier. */
class WakingTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private NotifierWorld world;
    private LocalPushService service;
    private Notifier notifier;
    private UserId ann;
    private UserId bob;
    private ConversationId talk;

    @BeforeEach
    void open() {
        world = new NotifierWorld(POSTGRES, REDIS);
        service = LocalPushService.start();
        ann = world.person("Ann");
        bob = world.person("Bob");
        talk = world.direct(ann, bob);
        notifier = world.notifier();
    }

    @AfterEach
    void close() throws Exception {
        notifier.close();
        service.close();
        world.close();
        assertEquals(List.of(), service.faults());
    }

    @Test
    void a_message_reaches_the_browser_and_leaves_nothing_in_the_queue() throws Exception {
        world.device(bob, "laptop", service.subscribe(), DeviceState.BACKGROUND);
        var message = world.send(talk, ann, "Good evening");
        var job = world.wake(message, bob);
        world.queue(job);
        var push = service.await(any -> true).json();
        assertEquals("Ann", push.get("title").textValue());
        assertEquals("Good evening", push.get("body").textValue());
        assertEquals(talk.toString(), push.get("conversation_id").textValue());
        assertEquals(1, push.get("seq").longValue());
        assertEquals(1, push.get("badge").longValue());
        assertEquals(job.resumeFrom().toString(), push.get("cursor").textValue());
        assertEquals("/#/c/" + talk, push.get("url").textValue());
        await().until(world::isNothingLeft);
        assertTrue(world.shown.isAny(bob, talk));
    }

    @Test
    void jobs_of_people_without_a_device_are_settled_together() throws Exception {
        var message = world.send(talk, ann, "Good evening");
        var jobs = new ArrayList<PushJob>();
        for (int i = 0; i < 90; i++) {
            jobs.add(world.wake(message, new UserId(1_000 + i)));
        }
        world.device(bob, "laptop", service.subscribe(), DeviceState.BACKGROUND);
        jobs.add(world.wake(message, bob));
        long before = removals();
        world.queue(jobs.toArray(PushJob[]::new));
        service.await(push -> push.json().get("title").textValue().equals("Ann"));
        await().until(world::isNothingLeft);
        long took = removals() - before;
        assertTrue(took < 10, took + " commands to remove 91 jobs");
    }

    private static long removals() {
        try (var jedis = REDIS.jedis()) {
            var calls = Pattern.compile("cmdstat_zrem:calls=(\\d+)").matcher(jedis.info("commandstats"));
            return calls.find() ? Long.parseLong(calls.group(1)) : 0;
        }
    }

    @Test
    void what_one_device_could_not_get_it_gets_later_and_no_other_gets_it_twice() throws Exception {
        var phone = service.subscribe();
        try (var failing = LocalPushService.start()) {
            var tablet = failing.subscribe();
            failing.next(new Answer(503, Map.of(), ""), new Reset());
            world.device(bob, "phone", phone, DeviceState.BACKGROUND);
            world.device(bob, "tablet", tablet, DeviceState.BACKGROUND);
            world.queue(world.wake(world.send(talk, ann, "hello"), bob));
            failing.await(push -> push.endpoint().equals(tablet.endpoint()));
            await().until(world::isNothingLeft);
            assertEquals(1, failing.received().size());
            assertEquals(1, service.received().size());
            assertEquals(3, failing.requests());
        }
    }

    @Test
    void a_service_that_hangs_delays_nobody_else() throws Exception {
        try (var hanging = LocalPushService.start()) {
            hanging.always(new Late(Duration.ofSeconds(9)));
            for (int i = 0; i < 150; i++) { // more than its room
                var person = world.person("P");
                world.device(person, "d", hanging.subscribe(), DeviceState.BACKGROUND);
                world.queue(world.wake(world.send(world.direct(ann, person), ann, "hello"), person));
            }
            await().until(() -> hanging.requests() >= 100);
            var before = System.nanoTime();
            world.device(bob, "d", service.subscribe(), DeviceState.BACKGROUND);
            world.queue(world.wake(world.send(talk, ann, "hello"), bob));
            var push = service.await(any -> true);
            assertTrue(push.nanos() - before < Duration.ofSeconds(8).toNanos(), "before any of the others was done");
            hanging.always(null);
        }
    }

    @Test
    void a_device_that_is_gone_is_forgotten_and_its_hint_too() throws Exception {
        var subscription = service.subscribe();
        service.expire(subscription, 410);
        world.device(bob, "laptop", subscription, DeviceState.BACKGROUND);
        world.queue(world.wake(world.send(talk, ann, "hello"), bob));
        await().until(world::isNothingLeft);
        assertEquals(List.of(), world.devices.of(bob));
        assertEquals(0L, world.redis.<Long>with(it -> it.exists(RedisKeys.background(bob)) ? 1L : 0L));
    }

    @Test
    void a_hint_that_outlived_its_device_is_taken_back() {
        world.hints.set(bob, true);
        var wake = world.wake(world.send(talk, ann, "hello"), bob);
        world.queue(new Wake(bob, talk, wake.seq(), wake.resumeFrom(), wake.at(), true, null));
        await().until(world::isNothingLeft);
        assertFalse(world.redis.<Boolean>with(it -> it.exists(RedisKeys.background(bob))));
    }

    @Test
    void an_older_message_that_is_tried_again_does_not_take_the_place_of_a_newer_one() throws Exception {
        world.device(bob, "laptop", service.subscribe(), DeviceState.BACKGROUND);
        service.next(new Answer(503, Map.of(), ""));
        world.queue(world.wake(world.send(talk, ann, "one"), bob));
        await().until(() -> service.requests() == 1);
        world.queue(world.wake(world.send(talk, ann, "two"), bob));
        await().until(world::isNothingLeft);
        assertEquals(
                List.of("two"),
                service.received().stream()
                        .map(push -> push.json().get("body").textValue())
                        .toList());
    }

    @Test
    void a_clear_that_is_tried_again_takes_nothing_newer_back() throws Exception {
        world.device(bob, "laptop", service.subscribe(), DeviceState.BACKGROUND);
        world.queue(world.wake(world.send(talk, ann, "one"), bob));
        service.awaitUntil(pushes -> pushes.size() == 1);
        world.read(talk, bob, 1);
        service.next(new Answer(503, Map.of(), ""));
        world.queue(new PushJob.Clear(bob, talk, 1, Instant.now(), null));
        await().until(() -> service.requests() == 2);
        world.queue(world.wake(world.send(talk, ann, "two"), bob));
        await().until(world::isNothingLeft);
        assertEquals(
                List.of("message", "message"),
                service.received().stream()
                        .map(push -> push.json().get("type").textValue())
                        .toList());
    }

    @Test
    void a_postgresql_that_is_away_for_many_leases_sets_nothing_aside() throws Exception {
        notifier.close();
        var wake = world.wake(world.send(talk, ann, "hello"), bob);
        var looks = new AtomicInteger();
        InstantSource clock = () -> {
            looks.incrementAndGet(); // once for each claim, before anything is asked
            return Instant.now();
        };
        var meters = new SimpleMeterRegistry();
        var nowhere = new Postgres.Address("jdbc:postgresql://127.0.0.1:1/none", null, null);
        try (var away = Postgres.open(nowhere, 2);
                var messages = new PostgresMessageStore(away, null, clock, meters)) {
            var jobs = new PushJobs(world.redis, Duration.ofMillis(20));
            var devices = new Devices(away, clock);
            var reader = new FactsReader(away, messages, devices, new PresenceLeases(world.redis, clock), clock);
            var stores = new PushWork.Stores(devices, world.hints, world.shown);
            var work = new PushWork(jobs, new PushDecision(true), Map.of(), stores, clock, meters);
            try (var unused = new PushWorker(jobs, reader, work, meters)) {
                world.queue(wake);
                await().atMost(Duration.ofSeconds(60)).until(() -> looks.get() > PushJobs.CLAIMS_MAX + 1);
            }
        }
        assertEquals(new PushJobs.Backlog(1, 0), world.jobs.backlog());
    }

    @Test
    void of_many_messages_of_one_conversation_the_newest_wakes() throws Exception {
        world.device(bob, "laptop", service.subscribe(), DeviceState.BACKGROUND);
        var first = world.wake(world.send(talk, ann, "one"), bob);
        var second = world.wake(world.send(talk, ann, "two"), bob);
        var third = world.wake(world.send(talk, ann, "three"), bob);
        world.queue(first, second, third);
        await().until(world::isNothingLeft);
        assertEquals(
                List.of("three"),
                service.received().stream()
                        .map(push -> push.json().get("body").textValue())
                        .toList());
    }

    @Test
    void reading_elsewhere_sends_one_clear() throws Exception {
        world.device(bob, "laptop", service.subscribe(), DeviceState.BACKGROUND);
        var message = world.send(talk, ann, "hello");
        world.queue(world.wake(message, bob));
        service.awaitUntil(pushes -> pushes.size() == 1);
        await().until(world::isNothingLeft);
        world.read(talk, bob, message.seq());
        world.queue(
                new PushJob.Clear(bob, talk, 1, message.createdAt(), null),
                new PushJob.Clear(bob, talk, 2, message.createdAt(), null));
        await().until(world::isNothingLeft);
        var pushes = service.received();
        assertEquals(2, pushes.size());
        assertEquals("clear", pushes.getLast().json().get("type").textValue());
        assertEquals(0, pushes.getLast().json().get("badge").longValue());
        assertFalse(world.shown.isAny(bob, talk));
    }

    @Test
    void what_was_read_before_the_job_is_due_wakes_nobody() throws Exception {
        world.device(bob, "laptop", service.subscribe(), DeviceState.BACKGROUND);
        var message = world.send(talk, ann, "hello");
        world.read(talk, bob, message.seq());
        world.queue(world.wake(message, bob));
        await().until(world::isNothingLeft);
        assertEquals(0, service.requests());
    }

    @Test
    void a_test_reaches_the_device_it_is_for() throws Exception {
        world.device(bob, "laptop", service.subscribe(), DeviceState.FOREGROUND);
        var tablet = service.subscribe();
        world.device(bob, "tablet", tablet, DeviceState.FOREGROUND);
        world.queue(new PushJob.Test(bob, Instant.now(), new Only(new DeviceId("tablet"), 0)));
        var push = service.await(any -> true);
        assertEquals(tablet.endpoint(), push.endpoint());
        assertEquals("test", push.json().get("type").textValue());
        await().until(world::isNothingLeft);
        assertEquals(1, service.received().size());
    }

    @Test
    void a_redis_that_lost_everything_learns_who_is_in_the_background() {
        world.device(ann, "laptop", service.subscribe(), DeviceState.FOREGROUND);
        world.device(bob, "laptop", service.subscribe(), DeviceState.BACKGROUND);
        REDIS.flushAll();
        var mending = new HintMending(world.devices, world.hints);
        mending.look();
        assertTrue(world.redis.<Boolean>with(it -> it.exists(RedisKeys.background(bob))));
        assertFalse(world.redis.<Boolean>with(it -> it.exists(RedisKeys.background(ann))));
        world.redis.with(it -> it.del(RedisKeys.background(bob)));
        mending.look();
        assertFalse(
                world.redis.<Boolean>with(it -> it.exists(RedisKeys.background(bob))),
                "this Redis lost nothing: not again");
    }
}
