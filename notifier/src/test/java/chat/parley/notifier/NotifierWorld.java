package chat.parley.notifier;

import chat.parley.conversation.ConversationCreation;
import chat.parley.conversation.Conversations;
import chat.parley.conversation.CreateOutcome;
import chat.parley.event.Cursor;
import chat.parley.id.ConversationId;
import chat.parley.id.DeviceId;
import chat.parley.id.IdSource;
import chat.parley.id.UserId;
import chat.parley.message.AppendOutcome;
import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageHeads;
import chat.parley.message.NewMessage;
import chat.parley.message.PostgresMessageStore;
import chat.parley.postgres.Postgres;
import chat.parley.push.BackgroundHints;
import chat.parley.push.DeviceState;
import chat.parley.push.Devices;
import chat.parley.push.PushJob;
import chat.parley.push.PushJob.Wake;
import chat.parley.push.PushJobs;
import chat.parley.push.PushJobs.Backlog;
import chat.parley.push.PushJobs.Later;
import chat.parley.push.PushQueue;
import chat.parley.push.PushTarget;
import chat.parley.push.ShownPushes;
import chat.parley.push.Wakes;
import chat.parley.redis.Redis;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import chat.parley.testkit.TestIds;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/** People with devices who talk, over the real stores, and the queue that a running {@link Notifier} works on. */
final class NotifierWorld implements AutoCloseable {
    private static final IdSource IDS = TestIds.fresh();
    private static final Cursor SOMEWHERE = new Cursor(1_700_000_000_000L, 5, 1_700_000_000_123L, "abc123");

    final Postgres postgres;
    final Redis redis;
    final Devices devices;
    final BackgroundHints hints;
    final ShownPushes shown;
    final PushJobs jobs;
    private final PushQueue queue;
    private final PostgresMessageStore messages;
    private final Conversations conversations;
    private final ConversationCreation creation;
    private final Map<String, String> environment = new HashMap<>();

    NotifierWorld(RealPostgres database, RealRedis server) {
        var clock = Clock.systemUTC();
        var meters = new SimpleMeterRegistry();
        postgres = Postgres.open(database.address(), 8);
        redis = Redis.open(URI.create(server.uri()), 4);
        devices = new Devices(postgres, clock);
        hints = new BackgroundHints(redis);
        shown = new ShownPushes(redis);
        jobs = new PushJobs(redis);
        queue = new PushQueue(redis, Wakes.DEFAULT, everyone -> everyone, meters);
        messages = new PostgresMessageStore(postgres, null, clock, meters);
        conversations = new Conversations(postgres, MessageHeads.IN_ROWS);
        creation = new ConversationCreation(postgres, clock);
        environment.put("PARLEY_POSTGRES_URL", database.address().url());
        environment.put("PARLEY_POSTGRES_USER", database.user());
        environment.put("PARLEY_POSTGRES_PASSWORD", database.password());
        environment.put("PARLEY_REDIS_URL", server.uri());
        environment.put("PARLEY_METRICS_PORT", "0");
        environment.put("PARLEY_WEB_PUSH_PRIVATE", "on");
    }

    /** A notifier over these stores. */
    Notifier notifier() {
        return Notifier.start(NotifierSettings.from(environment));
    }

    UserId person(String name) {
        var user = IDS.user();
        postgres.with(db -> db.execute("""
                INSERT INTO users (id, username, display_name, search_name, created_at)
                VALUES (?, ?, ?, ?, now())
                """, user.value(), "u" + user.value(), name, name.toLowerCase(Locale.ROOT)));
        return user;
    }

    void device(UserId user, String id, PushTarget target, DeviceState state) {
        devices.put(user, new DeviceId(id), null, target, Locale.ENGLISH, state);
        hints.set(user, devices.isAnyInBackground(user));
    }

    ConversationId direct(UserId one, UserId other) {
        if (creation.direct(IDS.conversation(), one, other) instanceof CreateOutcome.Created made) {
            return made.conversation().id();
        }
        throw new AssertionError("not made");
    }

    Message send(ConversationId conversation, UserId sender, String text) {
        var roster = conversations.freshRoster(conversation).orElseThrow();
        var outcome = messages.append(new NewMessage(
                conversation, roster.version(), sender, UUID.randomUUID().toString(), MessageBody.text(text)));
        return ((AppendOutcome.Stored) outcome).message();
    }

    Wake wake(Message message, UserId user) {
        return new Wake(user, message.conversation(), message.seq(), SOMEWHERE, message.createdAt(), false, null);
    }

    /** All at once, due now. */
    void queue(PushJob... some) {
        var due = Arrays.stream(some).map(job -> new Later(job, Duration.ZERO)).toList();
        if (!queue.add(due).join()) {
            throw new AssertionError("not queued");
        }
    }

    void read(ConversationId conversation, UserId user, long seq) {
        postgres.with(db -> db.execute(
                "UPDATE member SET read_seq = ?, delivered_seq = ? WHERE conversation_id = ? AND user_id = ?",
                seq,
                seq,
                conversation.value(),
                user.value()));
    }

    boolean isNothingLeft() {
        return jobs.backlog().equals(new Backlog(0, 0));
    }

    @Override
    public void close() {
        messages.close();
        queue.close();
        redis.close();
        postgres.close();
    }
}
