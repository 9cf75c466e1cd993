package chat.parley.sendapi.picture;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thing of EXIF that is needed to show a picture: which side is up. All else (the place, the camera, a smaller picture from before it was
 * cropped) is for its owner alone.
 */
final class Exif {
    private static final Logger LOG = LoggerFactory.getLogger(Exif.class);

    /** The picture is stored as it is shown. */
    static final int UPRIGHT = 1;

    private static final int ORIENTATIONS = 8;
    private static final int TAG_ORIENTATION = 0x0112;
    private static final short TYPE_SHORT = 3;
    private static final int TIFF_MAGIC = 42;
    private static final int HEADER_BYTES = 8;
    private static final int ENTRY_BYTES = 12;
    private static final int VALUE_AT = 8;

    private Exif() {}

    /** The orientation in a TIFF structure; upright where it says none or nonsense. */
    static int orientation(byte[] tiff) {
        try {
            var buffer = ByteBuffer.wrap(tiff);
            short order = buffer.getShort();
            if (order == 0x4949) {
                buffer.order(ByteOrder.LITTLE_ENDIAN);
            } else if (order != 0x4d4d) {
                return UPRIGHT;
            }
            if (buffer.getShort() != TIFF_MAGIC) {
                return UPRIGHT;
            }
            buffer.position(buffer.getInt());
            int entries = Short.toUnsignedInt(buffer.getShort());
            for (int i = 0; i < entries; i++) {
                int at = buffer.position();
                if (Short.toUnsignedInt(buffer.getShort()) == TAG_ORIENTATION && buffer.getShort() == TYPE_SHORT) {
                    int value = Short.toUnsignedInt(buffer.getShort(at + VALUE_AT));
                    return value >= UPRIGHT && value <= ORIENTATIONS ? value : UPRIGHT;
                }
                buffer.position(at + ENTRY_BYTES);
            }
        } catch (BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
            LOG.debug("EXIF of no use", e);
        }
        return UPRIGHT;
    }

    /** A TIFF structure that says the orientation and nothing else. */
    static byte[] only(int orientation) {
        return ByteBuffer.allocate(HEADER_BYTES + 2 + ENTRY_BYTES + 4)
                .putShort((short) 0x4d4d)
                .putShort((short) TIFF_MAGIC)
                .putInt(HEADER_BYTES)
                .putShort((short) 1) // entries
                .putShort((short) TAG_ORIENTATION)
                .putShort(TYPE_SHORT)
                .putInt(1) // values
                .putShort((short) orientation)
                .putShort((short) 0)
                .putInt(0) // no other directory
                .array();
    }
}
