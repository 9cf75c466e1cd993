package chat.parley.sendapi.relay;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import chat.parley.conversation.Conversations;
import chat.parley.conversation.LargeGroups;
import chat.parley.conversation.Notices;
import chat.parley.event.EventLog;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.AppendOutcome;
import chat.parley.message.AppendOutcome.Stored;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageHeads;
import chat.parley.message.MessageStore;
import chat.parley.message.NewMessage;
import chat.parley.outbox.Outbox;
import chat.parley.postgres.Postgres;
import chat.parley.push.PushQueue;
import chat.parley.push.Wakes;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.sendapi.message.MessageNews;
import chat.parley.sendapi.message.SendNotice;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import chat.parley.testkit.StepClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A relay over real servers, two people and their conversations; a subclass adds the store of messages. */
abstract class RelayFixture {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final AtomicLong IDS = new AtomicLong(7_000_000);
    static final UserId ANN = new UserId(1_001);
    static final UserId BOB = new UserId(1_002);

    final StepClock clock = StepClock.started();
    final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    Postgres postgres;
    MessageStore messages;
    Outbox outbox;
    Parts parts;

    /** What depends on Redis. */
    record Parts(Redis redis, EventLog events, PushQueue pushes, Relay relay) implements AutoCloseable {
        @Override
        public void close() {
            events.close();
            pushes.close();
            redis.close();
        }
    }

    /** Over {@link #postgres}; closed by the fixture. */
    abstract MessageStore newStore();

    @BeforeEach
    void open() {
        postgres = Postgres.open(POSTGRES.address(), 8);
        postgres.with(db -> db.execute("TRUNCATE outbox, outbox_batch, relay, message, member, conversation CASCADE"));
        for (var user : List.of(ANN, BOB)) {
            postgres.with(db -> db.execute("""
                    INSERT INTO users (id, username, display_name, search_name, created_at)
                    VALUES (?, ?, 'X', 'x', now()) ON CONFLICT DO NOTHING
                    """, user.value(), "u" + user.value()));
        }
        outbox = new Outbox(postgres, meters);
        messages = newStore();
        parts = parts(URI.create(REDIS.uri()));
    }

    @AfterEach
    void close() {
        parts.close();
        messages.close();
        outbox.close();
        postgres.close();
    }

    Parts parts(URI uri) {
        var redis = Redis.open(uri, 4);
        var events = new EventLog(redis, clock, meters);
        var pushes = new PushQueue(redis, Wakes.DEFAULT, everyone -> everyone, meters);
        var conversations = new Conversations(postgres, MessageHeads.IN_ROWS);
        var notices = new SendNotice(
                conversations,
                new Notices(postgres),
                messages,
                new MessageNews(events, pushes, messages, unused -> {}),
                outbox);
        var groups = new Relay.Groups(conversations, new LargeGroups(postgres));
        var relay = new Relay(outbox, messages, groups, events, pushes, notices, clock, meters);
        return new Parts(redis, events, pushes, relay);
    }

    void store(ConversationId talk, int from, int to) {
        var pending = new ArrayList<CompletableFuture<AppendOutcome>>();
        for (int i = from; i <= to; i++) {
            var result = new CompletableFuture<AppendOutcome>();
            messages.submit(new NewMessage(talk, 1, ANN, "key" + i, MessageBody.text("text")), result);
            pending.add(result);
        }
        pending.forEach(result -> assertInstanceOf(Stored.class, result.join()));
    }

    ConversationId newConversation() {
        var talk = new ConversationId(IDS.incrementAndGet());
        var now = clock.instant().atOffset(ZoneOffset.UTC);
        postgres.with(db -> db.createUpdate("""
                INSERT INTO conversation
                    (id, type, created_by, created_at, updated_at, changed_at, member_count, last_at)
                VALUES (:id, 'group', :ann, :now, :now, :now, 2, :now)
                """)
                .bind("id", talk.value())
                .bind("ann", ANN.value())
                .bind("now", now)
                .execute());
        for (var user : List.of(ANN, BOB)) {
            postgres.with(db -> db.createUpdate("""
                    INSERT INTO member (conversation_id, user_id, role, joined_at, joined_seq, changed_at)
                    VALUES (:id, :user, 'member', :now, 1, :now)
                    """)
                    .bind("id", talk.value())
                    .bind("user", user.value())
                    .bind("now", now)
                    .execute());
        }
        return talk;
    }

    long rows() {
        return postgres.with(db -> db.createQuery("""
                SELECT (SELECT count(*) FROM outbox WHERE set_aside_at IS NULL)
                    + (SELECT coalesce(sum(cardinality(places)), 0) FROM outbox_batch)
                """).mapTo(Long.class).one());
    }

    static long entries(Parts parts, UserId user) {
        return parts.redis().with(redis -> redis.xlen(RedisKeys.stream(user)));
    }

    static List<String> keys(Parts parts, UserId user) {
        return parts.redis().with(redis -> redis.xrange(RedisKeys.stream(user), "-", "+")).stream()
                .map(entry -> List.copyOf(entry.getFields().values()).getFirst().split("[ \\n]", -1)[2])
                .toList();
    }

    static long pushJobs(Parts parts) {
        return parts.redis().with(redis -> redis.zcard(RedisKeys.PUSH_JOBS));
    }
}
