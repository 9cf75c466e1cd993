package chat.parley.sendapi.picture;

import chat.parley.media.SpoolFile;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.stream.ImageInputStreamImpl;

/** Decodes the first frame of a cleaned picture, leaving out pixels that no thumbnail needs: a large one never stands in memory whole. */
final class PictureDecoder {
    /** Longest side that is decoded; twice the largest thumbnail and some, so 40 MB at most. */
    private static final int DECODED_SIDE_MAX = 3072;

    /** The decoder of WebP has all of a picture in memory first: 50 MB for one of a phone. */
    private static final long WEBP_PIXELS_MAX = 12_500_000;

    private PictureDecoder() {}

    /** Whether decoding it is worth its cost; a picture that is not decoded has no thumbnails. */
    static boolean takes(PictureFormat format, CleanPicture picture) {
        boolean fits = format != PictureFormat.WEBP || (long) picture.width() * picture.height() <= WEBP_PIXELS_MAX;
        return fits && !picture.costly();
    }

    static BufferedImage decode(PictureFormat format, SpoolFile file, CleanPicture picture) throws IOException {
        var readers = ImageIO.getImageReadersByFormatName(format.name().toLowerCase(Locale.ROOT));
        if (!readers.hasNext()) {
            throw new IOException("this JDK reads no " + format);
        }
        var reader = readers.next();
        try (var stream = new SpoolStream(file)) {
            reader.setInput(stream, true, true);
            int width = reader.getWidth(0);
            int height = reader.getHeight(0);
            if (width > picture.width() || height > picture.height()) {
                throw new IOException("the decoder sees another size"); // than the one that was checked
            }
            int step = (Math.max(width, height) + DECODED_SIDE_MAX - 1) / DECODED_SIDE_MAX;
            var how = reader.getDefaultReadParam();
            how.setSourceSubsampling(step, step, 0, 0);
            return reader.read(0, how);
        } finally {
            reader.dispose();
        }
    }

    /** What ImageIO reads from. */
    private static final class SpoolStream extends ImageInputStreamImpl {
        private final SpoolFile file;

        SpoolStream(SpoolFile file) {
            this.file = file;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int count) throws IOException {
            checkClosed();
            bitOffset = 0;
            int read = file.read(streamPos, bytes, offset, count);
            streamPos += Math.max(read, 0);
            return read;
        }

        @Override
        public long length() {
            return file.length();
        }
    }
}
