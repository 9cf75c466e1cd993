package chat.parley.sendapi.picture;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * JPEG: tables, frames and scans, with the colour profile and the notes that decoders need. Other pictures that phones and cameras put behind the
 * end (and which have a position of their own) go with everything else there.
 */
final class JpegCleaner {
    private static final int MARKER = 0xff;
    private static final int SOI = 0xd8;
    private static final int EOI = 0xd9;
    private static final int SOS = 0xda;
    private static final int DHT = 0xc4;
    private static final int JPG = 0xc8;
    private static final int DAC = 0xcc;
    private static final int DQT = 0xdb;
    private static final int DNL = 0xdc;
    private static final int DRI = 0xdd;
    private static final int APP0 = 0xe0;
    private static final int APP1 = 0xe1;
    private static final int APP2 = 0xe2;
    private static final int APP14 = 0xee;
    private static final int TEM = 0x01;

    private static final byte[] JFIF = ascii("JFIF\0");
    private static final byte[] EXIF = ascii("Exif\0\0");
    private static final byte[] PROFILE = ascii("ICC_PROFILE\0");
    private static final byte[] ADOBE = ascii("Adobe");

    /** JFIF up to its densities; after them stand the sides of a smaller picture, and the picture. */
    private static final int JFIF_BYTES = 12;

    /**
     * Scans times pixels that are decoded: ten scans are usual, and at 40 megapixels they take seconds. More of them in a small file are made to
     * keep a core busy for minutes.
     */
    private static final long SCANNED_PIXELS_MAX = 600_000_000;

    private final PictureReader in;
    private final OutputStream out;
    private final long pixelsMax;
    private @Nullable Dimensions dimensions;
    private int orientation = Exif.UPRIGHT;
    private boolean hasExif;
    private long scans;

    JpegCleaner(PictureReader in, OutputStream out, long pixelsMax) {
        this.in = in;
        this.out = out;
        this.pixelsMax = pixelsMax;
    }

    CleanPicture clean() throws IOException, PictureRefused {
        if (in.u8() != MARKER || in.u8() != SOI) {
            throw PictureRefused.damaged("no beginning");
        }
        marker(SOI);
        int marker = nextMarker();
        while (marker != EOI) {
            marker = segment(marker) ? scan() : nextMarker();
        }
        marker(EOI);
        if (dimensions == null || scans == 0) {
            throw PictureRefused.damaged("no picture");
        }
        boolean costly = scans * dimensions.pixels() > SCANNED_PIXELS_MAX;
        return new CleanPicture(dimensions.width(), dimensions.height(), orientation, costly);
    }

    private int nextMarker() throws IOException, PictureRefused {
        if (in.u8() != MARKER) {
            throw PictureRefused.damaged("no marker");
        }
        int marker = in.u8();
        while (marker == MARKER) { // may be repeated to fill up
            marker = in.u8();
        }
        return marker;
    }

    /** Keeps or drops one segment; answers whether the data of a scan follow. */
    private boolean segment(int marker) throws IOException, PictureRefused {
        if (marker == TEM) {
            return false;
        }
        if (marker == 0 || (marker >= 0xd0 && marker <= SOI)) {
            throw PictureRefused.damaged("marker " + marker);
        }
        int length = in.u16() - 2;
        if (length < 0) {
            throw PictureRefused.damaged("length");
        }
        byte[] payload = in.bytes(length);
        if (isFrame(marker)) {
            frame(payload);
        }
        byte[] kept = kept(marker, payload);
        if (kept != null) {
            write(marker, kept);
        }
        if (marker == SOS) {
            if (dimensions == null) {
                throw PictureRefused.damaged("scan before frame");
            }
            scans++;
        }
        return marker == SOS;
    }

    private static boolean isFrame(int marker) {
        return marker >= 0xc0 && marker <= 0xcf && marker != DHT && marker != JPG && marker != DAC;
    }

    private void frame(byte[] payload) throws PictureRefused {
        if (dimensions != null || payload.length < 6) {
            throw PictureRefused.damaged("frame");
        }
        int height = ((payload[1] & 0xff) << 8) | (payload[2] & 0xff);
        int width = ((payload[3] & 0xff) << 8) | (payload[4] & 0xff);
        dimensions = Dimensions.of(width, height, pixelsMax);
    }

    private byte @Nullable [] kept(int marker, byte[] payload) {
        if (isFrame(marker)) {
            return payload;
        }
        return switch (marker) {
            case DHT, DAC, DQT, DNL, DRI, SOS -> payload;
            case APP0 -> begins(payload, JFIF) && payload.length >= JFIF_BYTES ? withoutThumbnail(payload) : null;
            case APP1 -> exif(payload);
            case APP2 -> begins(payload, PROFILE) ? payload : null;
            case APP14 -> begins(payload, ADOBE) ? payload : null;
            default -> null; // other applications', and comments
        };
    }

    private static byte[] withoutThumbnail(byte[] jfif) {
        return Arrays.copyOf(Arrays.copyOf(jfif, JFIF_BYTES), JFIF_BYTES + 2);
    }

    private byte @Nullable [] exif(byte[] payload) {
        if (hasExif || !begins(payload, EXIF)) {
            return null;
        }
        hasExif = true;
        orientation = Exif.orientation(Arrays.copyOfRange(payload, EXIF.length, payload.length));
        if (orientation == Exif.UPRIGHT) {
            return null;
        }
        byte[] tiff = Exif.only(orientation);
        byte[] kept = Arrays.copyOf(EXIF, EXIF.length + tiff.length);
        System.arraycopy(tiff, 0, kept, EXIF.length, tiff.length);
        return kept;
    }

    /** Copies the data of a scan; answers the marker that ends it. */
    private int scan() throws IOException {
        while (true) {
            in.copyUntil(MARKER, out);
            int marker = in.u8();
            while (marker == MARKER) {
                marker = in.u8();
            }
            boolean isData = marker == 0 || (marker >= 0xd0 && marker <= 0xd7); // an escaped 255, or a restart
            if (!isData) {
                return marker;
            }
            marker(marker);
        }
    }

    private void marker(int marker) throws IOException {
        out.write(MARKER);
        out.write(marker);
    }

    private void write(int marker, byte[] payload) throws IOException {
        marker(marker);
        int length = payload.length + 2;
        out.write(length >> 8);
        out.write(length);
        out.write(payload);
    }

    private static boolean begins(byte[] payload, byte[] with) {
        return payload.length >= with.length && Arrays.equals(payload, 0, with.length, with, 0, with.length);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
