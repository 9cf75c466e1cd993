package chat.parley.sendapi.picture;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** WebP: the chunks of the picture, its alpha, its colours and its animation. Read twice, because the length of what stays is written first. */
final class WebpCleaner {
    private static final Set<String> KEPT = Set.of("VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP");
    private static final String EXIF = "EXIF";
    private static final byte[] EXIF_PREFIX = {'E', 'x', 'i', 'f', 0, 0};

    /** A real one has a few hundred bytes, or 60 KB with a smaller picture in it. */
    private static final int EXIF_BYTES_MAX = 1 << 20;

    private static final int CHUNK_HEADER_BYTES = 8;
    private static final int EXTENDED_BYTES = 10;

    /** Flags of VP8X. */
    private static final int HAS_EXIF = 0x08;

    private static final int HAS_XMP = 0x04;

    private final PictureCleaner.Source source;
    private final OutputStream out;
    private final long pixelsMax;
    private @Nullable Dimensions dimensions;
    private int orientation = Exif.UPRIGHT;
    private boolean isExtended;
    private boolean hasPicture;

    WebpCleaner(PictureCleaner.Source source, OutputStream out, long pixelsMax) {
        this.source = source;
        this.out = out;
        this.pixelsMax = pixelsMax;
    }

    CleanPicture clean() throws IOException, PictureRefused {
        long length = survey();
        if (dimensions == null || !hasPicture) {
            throw PictureRefused.damaged("no picture");
        }
        byte[] exif = exif();
        var header = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
        header.put(ascii("RIFF")).putInt((int) (4 + length + exif.length)).put(ascii("WEBP"));
        out.write(header.array());
        copy();
        out.write(exif);
        return new CleanPicture(dimensions.width(), dimensions.height(), orientation, false);
    }

    /** Looks at every chunk; answers the length of those that stay. */
    private long survey() throws IOException, PictureRefused {
        long kept = 0;
        try (var in = new PictureReader(source.open())) {
            long left = begin(in);
            while (left > 0) {
                String name = name(in);
                long length = in.u32LittleEnd();
                long padded = length + (length & 1);
                left -= CHUNK_HEADER_BYTES + padded;
                if (left < 0) {
                    throw PictureRefused.damaged("chunk " + name);
                }
                look(in, name, length, padded);
                if (KEPT.contains(name)) {
                    kept += CHUNK_HEADER_BYTES + padded;
                }
            }
        }
        return kept;
    }

    private void look(PictureReader in, String name, long length, long padded) throws IOException, PictureRefused {
        if (name.equals(EXIF) && length <= EXIF_BYTES_MAX) {
            orientation = Exif.orientation(withoutPrefix(in.bytes((int) length)));
            in.skip(padded - length);
            return;
        }
        byte[] head = in.bytes((int) Math.min(length, EXTENDED_BYTES));
        in.skip(padded - head.length);
        hasPicture |= name.startsWith("VP8 ") || name.equals("VP8L") || name.equals("ANMF");
        boolean first = dimensions == null;
        if (first && KEPT.contains(name)) {
            dimensions = dimensions(name, head);
            isExtended = name.equals("VP8X");
        } else if (name.equals("VP8X")) {
            throw PictureRefused.damaged("VP8X is not the first");
        } else if (name.equals("VP8 ") || name.equals("VP8L")) {
            var own = dimensions(name, head);
            if (!own.equals(dimensions)) {
                throw PictureRefused.damaged("picture and canvas differ");
            }
        }
    }

    private Dimensions dimensions(String name, byte[] head) throws PictureRefused {
        if (head.length < (name.equals("VP8L") ? 5 : EXTENDED_BYTES)) {
            throw PictureRefused.damaged(name);
        }
        var numbers = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
        return switch (name) {
            case "VP8X" -> Dimensions.of(u24(head, 4) + 1, u24(head, 7) + 1, pixelsMax);
            case "VP8 " -> {
                if (u24(head, 3) != 0x2a019d) { // its start code
                    throw PictureRefused.damaged(name);
                }
                yield Dimensions.of(numbers.getShort(6) & 0x3fff, numbers.getShort(8) & 0x3fff, pixelsMax);
            }
            case "VP8L" -> {
                if (head[0] != 0x2f) {
                    throw PictureRefused.damaged(name);
                }
                int bits = numbers.getInt(1);
                yield Dimensions.of((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1, pixelsMax);
            }
            default -> throw PictureRefused.damaged(name + " comes first");
        };
    }

    private void copy() throws IOException, PictureRefused {
        try (var in = new PictureReader(source.open())) {
            long left = begin(in);
            while (left > 0) {
                String name = name(in);
                long length = in.u32LittleEnd();
                long padded = length + (length & 1);
                left -= CHUNK_HEADER_BYTES + padded;
                if (!KEPT.contains(name)) {
                    in.skip(padded);
                    continue;
                }
                out.write(chunkHeader(name, length));
                if (name.equals("VP8X")) {
                    int flags = in.u8() & ~(HAS_EXIF | HAS_XMP);
                    out.write(orientation == Exif.UPRIGHT ? flags : flags | HAS_EXIF);
                    in.copy(padded - 1, out);
                } else {
                    in.copy(padded, out);
                }
            }
        }
    }

    /** A chunk that says which side is up; none where the picture is upright, or where the form has no room for it. */
    private byte[] exif() {
        if (!isExtended) {
            orientation = Exif.UPRIGHT;
        }
        if (orientation == Exif.UPRIGHT) {
            return new byte[0];
        }
        byte[] tiff = Exif.only(orientation);
        var chunk = new ByteArrayOutputStream();
        chunk.writeBytes(chunkHeader(EXIF, tiff.length));
        chunk.writeBytes(tiff);
        return chunk.toByteArray();
    }

    /** Answers how many bytes of chunks follow; what comes after them is not part of the picture. */
    private static long begin(PictureReader in) throws IOException, PictureRefused {
        in.skip(4);
        long length = in.u32LittleEnd() - 4;
        in.skip(4);
        if (length < CHUNK_HEADER_BYTES) {
            throw PictureRefused.damaged("length");
        }
        return length;
    }

    private static String name(PictureReader in) throws IOException {
        return new String(in.bytes(4), StandardCharsets.ISO_8859_1);
    }

    private static byte[] chunkHeader(String name, long length) {
        return ByteBuffer.allocate(CHUNK_HEADER_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(ascii(name))
                .putInt((int) length)
                .array();
    }

    private static byte[] withoutPrefix(byte[] exif) {
        boolean prefixed = exif.length >= EXIF_PREFIX.length
                && Arrays.equals(exif, 0, EXIF_PREFIX.length, EXIF_PREFIX, 0, EXIF_PREFIX.length);
        return prefixed ? Arrays.copyOfRange(exif, EXIF_PREFIX.length, exif.length) : exif;
    }

    private static int u24(byte[] bytes, int at) {
        return (bytes[at] & 0xff) | ((bytes[at + 1] & 0xff) << 8) | ((bytes[at + 2] & 0xff) << 16);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
