package chat.parley.media;

import chat.parley.ops.Rounds;
import chat.parley.ops.StoreUnavailable;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/**
 * Removes what nothing uses any more: blobs first, then the row, so that what a crash interrupts is found again. Every node does so in small
 * steps; each takes what no other one has.
 */
public final class MediaCollector implements AutoCloseable {
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

    private final Rounds rounds;

    private MediaCollector(
            MediaCatalog catalog,
            BlobStore blobs,
            List<Integer> thumbnailSizes,
            InstantSource clock,
            MeterRegistry meters) {
        this.catalog = catalog;
        this.blobs = blobs;
        this.thumbnailSizes = List.copyOf(thumbnailSizes);
        this.clock = clock;
        this.removed = meters.counter("parley.media.removed");
        this.rounds = new Rounds("media-collector", PAUSE, this::round);
    }

    /** @param thumbnailSizes all that there may be */
    public static MediaCollector start(
            MediaCatalog catalog,
            BlobStore blobs,
            List<Integer> thumbnailSizes,
            InstantSource clock,
            MeterRegistry meters) {
        var collector = new MediaCollector(catalog, blobs, thumbnailSizes, clock, meters);
        collector.rounds.start();
        return collector;
    }

    /** For tests that call {@link #collect} themselves. */
    static MediaCollector still(
            MediaCatalog catalog,
            BlobStore blobs,
            List<Integer> thumbnailSizes,
            InstantSource clock,
            MeterRegistry meters) {
        return new MediaCollector(catalog, blobs, thumbnailSizes, clock, meters);
    }

    private void round() {
        blobs.sweep(clock.instant().minus(UNFINISHED_KEPT));
        for (int steps = 0; steps < STEPS_MAX && !rounds.isEnding(); steps++) {
            if (collect() < STEP) {
                return;
            }
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
        rounds.close();
    }
}
