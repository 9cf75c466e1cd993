package chat.parley.sendapi;

import chat.parley.account.Accounts;
import chat.parley.conversation.Conversations;
import chat.parley.event.EventLog;
import chat.parley.id.IdRanges;
import chat.parley.id.IdSource;
import chat.parley.media.BlobStore;
import chat.parley.media.BlobStores;
import chat.parley.message.MessageStore;
import chat.parley.message.MessageStores;
import chat.parley.ops.Health;
import chat.parley.ops.MonotonicClock;
import chat.parley.outbox.Outbox;
import chat.parley.postgres.Postgres;
import chat.parley.postgres.TimeFloor;
import chat.parley.push.Devices;
import chat.parley.push.PushQueue;
import chat.parley.redis.Redis;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** What the features of this process stand on. Opens in the order of the lines, closes in reverse. */
final class Stores implements AutoCloseable {
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    final SecureRandom random = new SecureRandom();
    final MonotonicClock clock = new MonotonicClock(Clock.systemUTC());
    final MeterRegistry meters;
    final Postgres postgres;
    final Redis redis;
    final Conversations conversations;
    final IdSource ids;
    final Outbox outbox;
    final Devices devices;
    final PushQueue pushes;
    final EventLog events;
    final MessageStore messages;
    final Accounts accounts;
    final @Nullable BlobStore blobs;

    /** @param health gets the parts of this process */
    Stores(SendApiSettings settings, Health health, MeterRegistry meters) {
        this.meters = meters;
        postgres = opened(Postgres.open(settings.postgres(), settings.bounds().connections()));
        health.part("postgres", postgres::complaint);
        postgres.migrate();
        opened(new TimeFloor(postgres, clock, meters)).start();
        redis = opened(Redis.open(settings.redis(), settings.bounds().connections()));
        health.part("redis", redis::complaint);

        var ranges = new IdRanges(postgres, meters);
        health.part("ids", ranges::complaint);
        ids = new IdSource(ranges::grant, System::nanoTime);
        var stores = MessageStores.connect(settings.messages(), health, opened::push);
        outbox = opened(new Outbox(postgres, meters));
        devices = new Devices(postgres, clock);
        pushes = opened(new PushQueue(redis, settings.bounds().wakes(), devices::owners, meters));
        events = opened(new EventLog(redis, clock, meters));
        // Closed first of these four: appends under way are still published, queued and forgotten.
        messages = opened(stores.open(new MessageStores.Ground(postgres, outbox, clock, meters)));
        conversations = new Conversations(postgres, messages);
        accounts = opened(Accounts.open(settings.accounts(), postgres, ids, clock, meters));
        var place = settings.media().place();
        blobs = place == null ? null : opened(BlobStores.open(place));
    }

    /** Closed before everything that was opened until now. */
    <T extends AutoCloseable> T opened(T part) {
        opened.push(part);
        return part;
    }

    @Override
    public void close() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }
}
