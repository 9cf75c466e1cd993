package chat.parley.sendapi.picture;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;

/** PNG: the chunks that make the picture, its colours and its animation. */
final class PngCleaner {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

    private static final Set<String> KEPT = Set.of(
            "IHDR", "PLTE", "IDAT", "IEND", "tRNS", // the picture
            "cHRM", "gAMA", "iCCP", "sBIT", "sRGB", "cICP", "mDCV", "cLLI", "bKGD", "pHYs", // its colours and shape
            "acTL", "fcTL", "fdAT"); // its animation

    private static final String EXIF = "eXIf";

    /** A real one has a few hundred bytes, or 60 KB with a smaller picture in it. */
    private static final int EXIF_BYTES_MAX = 1 << 20;

    private static final int TYPE_BYTES = 4;
    private static final int HEADER_BYTES = 13;

    private final PictureReader in;
    private final OutputStream out;
    private final long pixelsMax;
    private int orientation = Exif.UPRIGHT;
    private boolean hasExif;
    private boolean hasData;

    PngCleaner(PictureReader in, OutputStream out, long pixelsMax) {
        this.in = in;
        this.out = out;
        this.pixelsMax = pixelsMax;
    }

    CleanPicture clean() throws IOException, PictureRefused {
        in.skip(SIGNATURE.length);
        out.write(SIGNATURE);
        var dimensions = header();
        while (true) {
            long length = in.u32();
            byte[] type = in.bytes(TYPE_BYTES);
            String name = new String(type, StandardCharsets.ISO_8859_1);
            if (length > Integer.MAX_VALUE || name.equals("IHDR")) {
                throw PictureRefused.damaged("chunk " + name);
            }
            chunk(name, type, length);
            if (name.equals("IEND")) {
                break;
            }
        }
        if (!hasData) {
            throw PictureRefused.damaged("no data");
        }
        return new CleanPicture(dimensions.width(), dimensions.height(), orientation, false);
    }

    private Dimensions header() throws IOException, PictureRefused {
        if (in.u32() != HEADER_BYTES) {
            throw PictureRefused.damaged("header");
        }
        byte[] type = in.bytes(TYPE_BYTES);
        byte[] header = in.bytes(HEADER_BYTES);
        var crc = new CRC32();
        crc.update(type);
        crc.update(header);
        if (!new String(type, StandardCharsets.ISO_8859_1).equals("IHDR") || in.u32() != crc.getValue()) {
            throw PictureRefused.damaged("header");
        }
        var numbers = ByteBuffer.wrap(header);
        var dimensions = Dimensions.of(numbers.getInt(), numbers.getInt(), pixelsMax);
        write(type, header);
        return dimensions;
    }

    private void chunk(String name, byte[] type, long length) throws IOException, PictureRefused {
        boolean kept = KEPT.contains(name);
        if (name.equals(EXIF) && length <= EXIF_BYTES_MAX && !hasExif) {
            byte[] exif = in.bytes((int) length);
            in.skip(4); // the checksum
            hasExif = true;
            orientation = Exif.orientation(exif);
            if (orientation != Exif.UPRIGHT) {
                write(type, Exif.only(orientation));
            }
            return;
        }
        hasData |= name.equals("IDAT");
        var to = new CheckedOutputStream(kept ? out : OutputStream.nullOutputStream(), new CRC32());
        if (kept) {
            out.write(ByteBuffer.allocate(4).putInt((int) length).array());
        }
        to.write(type);
        in.copy(length, to);
        long crc = in.u32();
        if (kept) {
            if (crc != to.getChecksum().getValue()) {
                throw PictureRefused.damaged("checksum of " + name);
            }
            out.write(ByteBuffer.allocate(4).putInt((int) crc).array());
        }
    }

    private void write(byte[] type, byte[] data) throws IOException {
        var crc = new CRC32();
        crc.update(type);
        crc.update(data);
        out.write(ByteBuffer.allocate(4).putInt(data.length).array());
        out.write(type);
        out.write(data);
        out.write(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }
}
