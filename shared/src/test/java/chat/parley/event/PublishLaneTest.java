package chat.parley.event;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;

import chat.parley.event.EphemeralEvent.TypingStarted;
import chat.parley.event.PublishLane.Waiting;
import chat.parley.event.PublishOutcome.Unpublished;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.redis.Redis;
import chat.parley.testkit.RealRedis;
import chat.parley.testkit.StepClock;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.exceptions.JedisRedirectionException;

class PublishLaneTest {
    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    @Test
    void whatever_ends_a_lane_nobody_waits_for_it_and_another_may_take_its_place() throws Exception {
        var typing = new TypingStarted(
                new ConversationId(5), new UserId(6), StepClock.started().instant());
        var publication = Publication.live(typing, List.of(new UserId(7)));
        var retired = new CompletableFuture<PublishLane>();
        var routes = new PublishLane.Routes() {
            @Override
            public void redirect(Waiting part, JedisRedirectionException where) {
                part.refuse();
            }

            @Override
            public void retire(PublishLane lane) {
                retired.complete(lane);
            }
        };
        try (var redis = Redis.open(URI.create(REDIS.uri()), 4);
                var lane = new PublishLane(redis, redis.holders().iterator().next(), new StreamTag(redis), routes)) {
            lane.start();
            lane.handIn(new Waiting(publication, false, 0, outcome -> {
                throw new LinkageError("a test says so");
            }));
            assertSame(lane, retired.get(20, TimeUnit.SECONDS));
            var outcome = new CompletableFuture<PublishOutcome>();
            lane.handIn(new Waiting(publication, false, 0, outcome::complete));
            assertInstanceOf(Unpublished.class, outcome.get(20, TimeUnit.SECONDS));
        }
    }
}
