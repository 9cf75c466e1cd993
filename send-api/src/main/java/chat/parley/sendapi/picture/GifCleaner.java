package chat.parley.sendapi.picture;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/** GIF: colours, frames, their timing and the number of rounds. */
final class GifCleaner {
    private static final int SIGNATURE_BYTES = 6;
    private static final int EXTENSION = 0x21;
    private static final int IMAGE = 0x2c;
    private static final int TRAILER = 0x3b;
    private static final int TIMING = 0xf9;
    private static final int APPLICATION = 0xff;
    private static final int APPLICATION_NAME_BYTES = 11;
    private static final Set<String> ROUNDS = Set.of("NETSCAPE2.0", "ANIMEXTS1.0");

    /** Set where a table of colours follows; the lowest three bits tell its length. */
    private static final int TABLE_FLAG = 0x80;

    private final PictureReader in;
    private final OutputStream out;
    private final long pixelsMax;
    private boolean hasFrame;

    GifCleaner(PictureReader in, OutputStream out, long pixelsMax) {
        this.in = in;
        this.out = out;
        this.pixelsMax = pixelsMax;
    }

    CleanPicture clean() throws IOException, PictureRefused {
        in.copy(SIGNATURE_BYTES, out);
        byte[] screen = in.bytes(7);
        var canvas = Dimensions.of(u16(screen, 0), u16(screen, 2), pixelsMax);
        out.write(screen);
        colours(screen[4]);
        for (int block = in.u8(); block != TRAILER; block = in.u8()) {
            switch (block) {
                case EXTENSION -> extension();
                case IMAGE -> frame(canvas);
                default -> throw PictureRefused.damaged("block " + block);
            }
        }
        out.write(TRAILER);
        if (!hasFrame) {
            throw PictureRefused.damaged("no frame");
        }
        return new CleanPicture(canvas.width(), canvas.height(), Exif.UPRIGHT, false);
    }

    private void colours(int flags) throws IOException {
        if ((flags & TABLE_FLAG) != 0) {
            in.copy(3L << ((flags & 7) + 1), out);
        }
    }

    private void frame(Dimensions canvas) throws IOException, PictureRefused {
        byte[] place = in.bytes(9);
        int width = u16(place, 4);
        int height = u16(place, 6);
        // A decoder makes room for a frame as large as it says, however small the canvas.
        if (width == 0
                || height == 0
                || u16(place, 0) + width > canvas.width()
                || u16(place, 2) + height > canvas.height()) {
            throw PictureRefused.damaged("frame outside of the canvas");
        }
        out.write(IMAGE);
        out.write(place);
        colours(place[8]);
        out.write(in.u8()); // bits of a code
        blocks(out);
        hasFrame = true;
    }

    private void extension() throws IOException {
        int label = in.u8();
        if (label == TIMING) {
            out.write(EXTENSION);
            out.write(label);
            blocks(out);
            return;
        }
        if (label != APPLICATION) {
            blocks(OutputStream.nullOutputStream()); // a comment, a text
            return;
        }
        int length = in.u8();
        byte[] name = in.bytes(length);
        boolean kept =
                length == APPLICATION_NAME_BYTES && ROUNDS.contains(new String(name, StandardCharsets.ISO_8859_1));
        if (kept) {
            out.write(EXTENSION);
            out.write(label);
            out.write(length);
            out.write(name);
        }
        if (length > 0) {
            blocks(kept ? out : OutputStream.nullOutputStream());
        }
    }

    /** Blocks of up to 255 bytes; an empty one ends them. */
    private void blocks(OutputStream to) throws IOException {
        for (int length = in.u8(); length > 0; length = in.u8()) {
            to.write(length);
            in.copy(length, to);
        }
        to.write(0);
    }

    private static int u16(byte[] bytes, int at) {
        return (bytes[at] & 0xff) | ((bytes[at + 1] & 0xff) << 8);
    }
}
