package chat.parley.sendapi.picture;

import chat.parley.media.SpoolFile;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes smaller pictures on a few threads of its own, so that pictures never take all cores and their memory has a bound. */
public final class Thumbnails implements AutoCloseable {
    /** Longest sides: of a picture in a list, and of one that fills a screen. */
    public static final List<Integer> SIZES = List.of(320, 1280);

    private static final Logger LOG = LoggerFactory.getLogger(Thumbnails.class);

    /** Waiting pictures; at a second each somebody waits half a minute, and more would give up. */
    private static final int QUEUE_MAX = 32;

    /** Longest a request waits for its picture. */
    private static final long WAIT_SECONDS = 60;

    /** A picture that is small and light is its own thumbnail. */
    private static final long LIGHT_BYTES = 100_000;

    private final ThreadPoolExecutor threads;
    private final Timer times;

    /** Starts the threads: half of the cores. */
    public Thumbnails(MeterRegistry meters) {
        int count = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        threads = new ThreadPoolExecutor(
                count,
                count,
                0,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(QUEUE_MAX),
                Thread.ofPlatform().daemon().name("thumbnails-", 0).factory());
        times = meters.timer("parley.media.thumbnails");
        meters.gauge(
                "parley.media.thumbnails.waiting",
                threads,
                pool -> pool.getQueue().size());
    }

    /**
     * One that was made.
     *
     * @param bytes to be closed by whoever asked for it
     */
    public record Thumbnail(int size, SpoolFile bytes) {}

    /**
     * Those of a picture.
     *
     * @param type media type of all of them
     */
    public record Made(String type, List<Thumbnail> thumbnails) implements AutoCloseable {
        /** Of a picture that needs none, or that nobody can decode. */
        static final Made NONE = new Made("image/jpeg", List.of());

        @Override
        public void close() {
            thumbnails.forEach(thumbnail -> thumbnail.bytes.close());
        }
    }

    /**
     * Makes them, smallest first; none where the picture cannot be decoded or is small itself.
     *
     * @throws RejectedExecutionException if too many wait
     */
    public Made make(PictureFormat format, SpoolFile file, CleanPicture picture) {
        boolean isSmall =
                Math.max(picture.width(), picture.height()) <= SIZES.getFirst() && file.length() <= LIGHT_BYTES;
        if (!PictureDecoder.takes(format, picture) || isSmall) {
            return Made.NONE;
        }
        return result(threads.submit(() -> times.recordCallable(() -> decoded(format, file, picture))));
    }

    private static Made result(Future<Made> future) {
        try {
            return future.get(WAIT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            LOG.info("a picture stays without thumbnails: {}", String.valueOf(e.getCause()));
            return Made.NONE;
        } catch (TimeoutException e) {
            future.cancel(true);
            throw new RejectedExecutionException("a picture took too long", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RejectedExecutionException("interrupted", e);
        }
    }

    private static Made decoded(PictureFormat format, SpoolFile file, CleanPicture picture) throws IOException {
        var image = PictureDecoder.decode(format, file, picture);
        boolean alpha = image.getColorModel().hasAlpha();
        var made = new ArrayList<Thumbnail>();
        try {
            // The larger one first, so that the smaller one is made of fewer pixels.
            BufferedImage from = image;
            for (int size : SIZES.reversed()) {
                boolean isNeeded = Math.max(picture.width(), picture.height()) > size || file.length() > LIGHT_BYTES;
                if (isNeeded) {
                    from = Scaling.toFit(from, size, alpha);
                    var turned = Scaling.turned(from, picture.orientation(), alpha);
                    made.addFirst(new Thumbnail(size, PictureEncoder.encode(turned, alpha)));
                }
            }
        } catch (IOException | RuntimeException e) {
            made.forEach(thumbnail -> thumbnail.bytes.close());
            throw e;
        }
        return new Made(alpha ? "image/png" : "image/jpeg", made);
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
