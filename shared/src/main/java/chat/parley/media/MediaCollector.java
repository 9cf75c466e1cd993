package chat.parley.media;

import chat.parley.ops.StoreUnavailable;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes what nothing uses any more: blobs first, then the row, so that what a crash interrupts is found again. Every node does so in small
 * steps; each takes what no other one has.
 */
public final class MediaCollector implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MediaCollector.class);

    /** The picture of a deleted message is gone about a minute later. */
    private static final Duration PAUSE = Duration.ofMinutes(1);

    /** Removed together: some seconds of an S3 server's time. */
    private static final int STEP = 50;

    /** Steps a round; the rest waits for the next. */
    private static final int STEPS_MAX = 100;

    /** A write takes a minute at most; what is older was cut off. */
    private static final Duration UNFINISHED_KEPT = Duration.ofHours(1);

    private final MediaCatalog catalog;
    private final BlobStore blobs;
    private final List<Integer> thumbnailSizes;
    private final InstantSource clock;
    private final Counter removed;

    private volatile boolean closing;
    private final Thread thread;

    private MediaCollector(
            MediaCatalog catalog,
            BlobStore blobs,
            List<Integer> thumbnailSizes,
            InstantSource clock,
            MeterRegistry meters,
            boolean starts) {
        this.catalog = catalog;
        this.blobs = blobs;
        this.thumbnailSizes = List.copyOf(thumbnailSizes);
        this.clock = clock;
        this.removed = meters.counter("parley.media.removed");
        var builder = Thread.ofPlatform().name("media-collector").daemon();
        this.thread = starts ? builder.start(this::run) : builder.unstarted(this::run);
    }

    /** @param thumbnailSizes all that there may be */
    public static MediaCollector start(
            MediaCatalog catalog,
            BlobStore blobs,
            List<Integer> thumbnailSizes,
            InstantSource clock,
            MeterRegistry meters) {
        return new MediaCollector(catalog, blobs, thumbnailSizes, clock, meters, true);
    }

    /** For tests that call {@link #collect} themselves. */
    static MediaCollector still(
            MediaCatalog catalog,
            BlobStore blobs,
            List<Integer> thumbnailSizes,
            InstantSource clock,
            MeterRegistry meters) {
        return new MediaCollector(catalog, blobs, thumbnailSizes, clock, meters, false);
    }

    private void run() {
        try {
            while (!closing) {
                Thread.sleep(PAUSE);
                round();
            }
        } catch (InterruptedException e) {
            LOG.debug("the collector of media ends", e);
        }
    }

    private void round() {
        try {
            blobs.sweep(clock.instant().minus(UNFINISHED_KEPT));
            for (int steps = 0; steps < STEPS_MAX && !closing; steps++) {
                if (collect() < STEP) {
                    return;
                }
            }
        } catch (StoreUnavailable e) {
            LOG.warn("unused media stay until the next round: {}", e.getMessage());
        } catch (RuntimeException e) {
            // An exception that left this method would end the thread for good.
            LOG.error("removing unused media failed", e);
        }
    }

    /** One step; answers how many went. Whoever cannot wait for the next round may call it. */
    public int collect() {
        var unused = catalog.claimUnused(STEP);
        var gone = new ArrayList<>(unused);
        StoreUnavailable failure = null;
        for (var id : unused) {
            try {
                blobs.delete(BlobKey.original(id));
                thumbnailSizes.forEach(size -> blobs.delete(BlobKey.thumbnail(id, size)));
            } catch (StoreUnavailable e) {
                gone.remove(id); // its row leads here again
                failure = e;
            }
        }
        catalog.removed(gone);
        removed.increment(gone.size());
        if (failure != null) {
            throw failure;
        }
        return unused.size();
    }

    @Override
    public void close() {
        closing = true;
        thread.interrupt();
    }
}
