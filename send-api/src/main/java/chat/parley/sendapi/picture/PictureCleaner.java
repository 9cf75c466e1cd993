package chat.parley.sendapi.picture;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Copies a picture without what is not needed to show it: metadata, comments, and whatever follows its end. The pixels stay as they are. */
public final class PictureCleaner {
    private static final Logger LOG = LoggerFactory.getLogger(PictureCleaner.class);

    private final long pixelsMax;

    /** @param pixelsMax of one picture */
    public PictureCleaner(long pixelsMax) {
        this.pixelsMax = pixelsMax;
    }

    /** Opens the bytes; asked twice where the length must be known before the first byte is written. */
    @FunctionalInterface
    public interface Source {
        /** From the first byte on. */
        InputStream open() throws IOException;
    }

    /** Reads {@code from} and writes what may stay to {@code to}; what was written counts only when the outcome is clean. */
    public CleaningOutcome clean(PictureFormat format, Source from, OutputStream to) throws IOException {
        try {
            return new CleaningOutcome.Clean(cleaned(format, from, to));
        } catch (PictureRefused e) {
            LOG.debug("{} refused: {}", format, e.getMessage());
            return e.isTooLarge() ? new CleaningOutcome.TooManyPixels() : new CleaningOutcome.Damaged();
        } catch (EOFException e) {
            LOG.debug("{} is cut off", format, e);
            return new CleaningOutcome.Damaged();
        }
    }

    private CleanPicture cleaned(PictureFormat format, Source from, OutputStream to)
            throws IOException, PictureRefused {
        return switch (format) {
            case PNG -> {
                try (var in = new PictureReader(from.open())) {
                    yield new PngCleaner(in, to, pixelsMax).clean();
                }
            }
            case JPEG -> {
                try (var in = new PictureReader(from.open())) {
                    yield new JpegCleaner(in, to, pixelsMax).clean();
                }
            }
            case GIF -> {
                try (var in = new PictureReader(from.open())) {
                    yield new GifCleaner(in, to, pixelsMax).clean();
                }
            }
            case WEBP -> new WebpCleaner(from, to, pixelsMax).clean();
        };
    }
}
