package chat.parley.sendapi.receipt;

import chat.parley.ops.StoreUnavailable;
import chat.parley.push.PushJob.Clear;
import chat.parley.push.PushJobs.Later;
import chat.parley.push.PushQueue;
import chat.parley.push.ShownPushes;
import chat.parley.receipt.Advance;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has notifications taken back that other devices still show of what was just read. Best effort: one that stays goes when its app is opened. */
public final class ClearedPushes {
    private static final Logger LOG = LoggerFactory.getLogger(ClearedPushes.class);

    /** Who reads on moves the mark again: devices are told of where it came to rest. */
    private static final Duration REST = Duration.ofSeconds(2);

    private final ShownPushes shown;
    private final PushQueue pushes;

    /** Both are closed by the caller. */
    public ClearedPushes(ShownPushes shown, PushQueue pushes) {
        this.shown = shown;
        this.pushes = pushes;
    }

    /** Queues a clear where something may be shown. Costs one question to Redis. */
    void read(Advance advance) {
        try {
            if (shown.isAny(advance.user(), advance.conversation())) {
                var clear = new Clear(
                        advance.user(), advance.conversation(), advance.now().readSeq(), advance.at(), null);
                var queued = pushes.add(List.of(new Later(clear, REST)));
                assert queued != null;
            }
        } catch (StoreUnavailable e) {
            LOG.debug("Redis is away, so what is shown stays", e);
        }
    }
}
