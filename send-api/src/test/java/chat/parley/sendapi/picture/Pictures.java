package chat.parley.sendapi.picture;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;

/** Pictures for tests: real ones, and ones with something in them that should not be there. */
public final class Pictures {
    /** Stands where a phone writes its position. */
    public static final String POSITION = "52.5200N13.4050E-secret-place";

    /** One pixel, lossless. */
    private static final String WEBP = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==";

    private Pictures() {}

    public static byte[] png(int width, int height) {
        return written(image(width, height, BufferedImage.TYPE_INT_RGB), "png");
    }

    public static byte[] seeThroughPng(int width, int height) {
        return written(image(width, height, BufferedImage.TYPE_INT_ARGB), "png");
    }

    public static byte[] jpeg(int width, int height) {
        return written(image(width, height, BufferedImage.TYPE_INT_RGB), "jpeg");
    }

    public static byte[] gif(int width, int height) {
        return written(image(width, height, BufferedImage.TYPE_INT_RGB), "gif");
    }

    public static byte[] webp() {
        return Base64.getDecoder().decode(WEBP);
    }

    /** One colour, lossless: however large, it has some twenty bytes, because a code of one symbol has no bits. */
    public static byte[] webp(int width, int height) {
        var bits = BigInteger.ZERO;
        int[][] fields = {
            {width - 1, 14},
            {height - 1, 14},
            {0, 4},
            {0, 3}, // no alpha, version 0, no transforms, no cache, no groups
            {1, 1},
            {0, 1},
            {1, 1},
            {40, 8}, // green: one symbol of eight bits
            {1, 1},
            {0, 1},
            {1, 1},
            {200, 8}, // red
            {1, 1},
            {0, 1},
            {1, 1},
            {30, 8}, // blue
            {1, 1},
            {0, 1},
            {1, 1},
            {255, 8}, // alpha
            {1, 1},
            {0, 1},
            {0, 1},
            {0, 1} // distance
        };
        int at = 0;
        for (int[] field : fields) {
            bits = bits.or(BigInteger.valueOf(field[0]).shiftLeft(at));
            at += field[1];
        }
        byte[] data = new byte[1 + (at + 7) / 8 + 4]; // decoders read ahead
        data[0] = 0x2f;
        for (int i = 0; i < (at + 7) / 8; i++) {
            data[1 + i] = bits.shiftRight(8 * i).byteValue();
        }
        byte[] chunk = riffChunk("VP8L", data);
        var header = ByteBuffer.allocate(12)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(ascii("RIFF"))
                .putInt(chunk.length + 4)
                .put(ascii("WEBP"))
                .array();
        return join(header, chunk);
    }

    /** As a phone makes it: turned, with a position, a camera, a comment, and a second picture behind the end. */
    public static byte[] jpegOfAPhone(int width, int height, int orientation) {
        byte[] plain = jpeg(width, height);
        return join(
                Arrays.copyOf(plain, 2),
                segment(0xe1, join(ascii("Exif\0\0"), exif(orientation))),
                segment(0xe1, ascii("http://ns.adobe.com/xap/1.0/\0<x>" + POSITION + "</x>")),
                segment(0xed, ascii("Photoshop 3.0\0" + POSITION)),
                segment(0xfe, ascii("a comment " + POSITION)),
                Arrays.copyOfRange(plain, 2, plain.length),
                ascii("<html><script>alert(1)</script>" + POSITION));
    }

    /** A TIFF structure with an orientation, and the position at its end. */
    public static byte[] exif(int orientation) {
        return ByteBuffer.allocate(26 + POSITION.length())
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(ascii("II"))
                .putShort((short) 42)
                .putInt(8)
                .putShort((short) 1)
                .putShort((short) 0x0112)
                .putShort((short) 3)
                .putInt(1)
                .putInt(orientation)
                .putInt(0)
                .put(ascii(POSITION))
                .array();
    }

    /** A PNG with more chunks before its end. */
    public static byte[] pngWith(byte[] png, byte[]... chunks) {
        int end = png.length - 12;
        return join(Arrays.copyOf(png, end), join(chunks), Arrays.copyOfRange(png, end, png.length));
    }

    public static byte[] chunk(String type, byte[] data) {
        var crc = new CRC32();
        crc.update(ascii(type));
        crc.update(data);
        return ByteBuffer.allocate(12 + data.length)
                .putInt(data.length)
                .put(ascii(type))
                .put(data)
                .putInt((int) crc.getValue())
                .array();
    }

    /** Says that it has so many pixels, and has none. */
    public static byte[] pngBomb(int width, int height) {
        byte[] header = ByteBuffer.allocate(13)
                .putInt(width)
                .putInt(height)
                .put(new byte[] {8, 2, 0, 0, 0})
                .array();
        return join(
                new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10},
                chunk("IHDR", header),
                chunk("IDAT", new byte[100]),
                chunk("IEND", new byte[0]));
    }

    /** The first frame of {@code gif} again and again. */
    public static byte[] gifOfManyFrames(byte[] gif, int frames) {
        int image = 13 + (3 << ((gif[10] & 7) + 1));
        var out = new ByteArrayOutputStream();
        out.write(gif, 0, image);
        for (int i = 0; i < frames; i++) {
            out.write(gif, image, gif.length - 1 - image);
        }
        out.write(0x3b);
        return out.toByteArray();
    }

    /** With a position and the flags that say so. */
    public static byte[] webpOfAPhone(int orientation) {
        byte[] simple = webp();
        byte[] exif = exif(orientation);
        byte[] xmp = ascii(POSITION);
        var extended = ByteBuffer.allocate(18)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(ascii("VP8X"))
                .putInt(10)
                .putInt(0x0c)
                .put(new byte[6])
                .array();
        byte[] chunks = join(
                extended,
                Arrays.copyOfRange(simple, 12, simple.length),
                riffChunk("EXIF", exif),
                riffChunk("XMP ", xmp));
        var header = ByteBuffer.allocate(12)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(ascii("RIFF"))
                .putInt(chunks.length + 4)
                .put(ascii("WEBP"))
                .array();
        return join(header, chunks, ascii("behind the end " + POSITION));
    }

    public static BufferedImage decoded(byte[] picture) throws IOException {
        var image = ImageIO.read(new ByteArrayInputStream(picture));
        if (image == null) {
            throw new IOException("nobody reads this");
        }
        return image;
    }

    public static boolean contains(byte[] bytes, String text) {
        return new String(bytes, StandardCharsets.ISO_8859_1).contains(text);
    }

    public static byte[] join(byte[]... parts) {
        var all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    public static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] segment(int marker, byte[] payload) {
        return ByteBuffer.allocate(4 + payload.length)
                .put((byte) 0xff)
                .put((byte) marker)
                .putShort((short) (payload.length + 2))
                .put(payload)
                .array();
    }

    private static byte[] riffChunk(String name, byte[] data) {
        return ByteBuffer.allocate(8 + data.length + (data.length & 1))
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(ascii(name))
                .putInt(data.length)
                .put(data)
                .array();
    }

    /** Red in the upper left quarter, blue elsewhere: so one sees which side is up. */
    private static BufferedImage image(int width, int height, int type) {
        var image = new BufferedImage(width, height, type);
        var graphics = image.createGraphics();
        graphics.setColor(Color.BLUE);
        graphics.fillRect(0, 0, width, height);
        graphics.setColor(type == BufferedImage.TYPE_INT_ARGB ? new Color(255, 0, 0, 128) : Color.RED);
        graphics.fillRect(0, 0, width / 2, height / 2);
        graphics.dispose();
        if (type == BufferedImage.TYPE_INT_ARGB) {
            image.setRGB(0, 0, 0);
        }
        return image;
    }

    private static byte[] written(BufferedImage image, String format) {
        var out = new ByteArrayOutputStream();
        try {
            if (!ImageIO.write(image, format, out)) {
                throw new IllegalStateException("nobody writes " + format);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
