package chat.parley.sendapi.picture;

import static chat.parley.sendapi.picture.Pictures.POSITION;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PictureCleanerTest {
    private static final long PIXELS_MAX = 40_000_000;

    private final PictureCleaner cleaner = new PictureCleaner(PIXELS_MAX);

    /** What became of a file, and what was written. */
    private record Result(CleaningOutcome outcome, byte[] bytes) {
        CleanPicture picture() {
            return assertInstanceOf(CleaningOutcome.Clean.class, outcome).picture();
        }
    }

    private Result clean(PictureFormat format, byte[] file) throws IOException {
        var out = new ByteArrayOutputStream();
        return new Result(cleaner.clean(format, () -> new ByteArrayInputStream(file), out), out.toByteArray());
    }

    @Test
    void what_is_plain_already_stays_byte_for_byte() throws Exception {
        assertArrayEquals(Pictures.png(30, 20), clean(PictureFormat.PNG, Pictures.png(30, 20)).bytes);
        assertArrayEquals(Pictures.jpeg(30, 20), clean(PictureFormat.JPEG, Pictures.jpeg(30, 20)).bytes);
        assertArrayEquals(Pictures.gif(30, 20), clean(PictureFormat.GIF, Pictures.gif(30, 20)).bytes);
        assertArrayEquals(Pictures.webp(), clean(PictureFormat.WEBP, Pictures.webp()).bytes);
    }

    @Test
    void the_size_is_known_without_decoding() throws Exception {
        assertEquals(
                new CleanPicture(30, 20, 1, false),
                clean(PictureFormat.PNG, Pictures.png(30, 20)).picture());
        assertEquals(
                new CleanPicture(30, 20, 1, false),
                clean(PictureFormat.JPEG, Pictures.jpeg(30, 20)).picture());
        assertEquals(
                new CleanPicture(30, 20, 1, false),
                clean(PictureFormat.GIF, Pictures.gif(30, 20)).picture());
        assertEquals(
                new CleanPicture(1, 1, 1, false),
                clean(PictureFormat.WEBP, Pictures.webp()).picture());
    }

    @Test
    void a_jpeg_loses_its_position_and_what_follows_its_end_and_keeps_its_pixels_and_its_orientation()
            throws Exception {
        for (int orientation = 1; orientation <= 8; orientation++) {
            byte[] file = Pictures.jpegOfAPhone(30, 20, orientation);
            assertTrue(Pictures.contains(file, POSITION));
            var result = clean(PictureFormat.JPEG, file);
            assertFalse(Pictures.contains(result.bytes, "secret"));
            assertFalse(Pictures.contains(result.bytes, "script"));
            assertEquals(orientation, result.picture().orientation());
            assertEquals(orientation > 4 ? 20 : 30, result.picture().shownWidth());
            var pixels = Pictures.decoded(result.bytes);
            assertArrayEquals(
                    Pictures.decoded(Pictures.jpeg(30, 20)).getRGB(0, 0, 30, 20, null, 0, 30),
                    pixels.getRGB(0, 0, 30, 20, null, 0, 30));
            // and once more: what is clean says the same
            assertEquals(
                    orientation,
                    clean(PictureFormat.JPEG, result.bytes).picture().orientation());
            assertArrayEquals(result.bytes, clean(PictureFormat.JPEG, result.bytes).bytes);
        }
    }

    @Test
    void a_png_loses_its_texts_and_keeps_its_orientation() throws Exception {
        byte[] file = Pictures.join(
                Pictures.pngWith(
                        Pictures.png(30, 20),
                        Pictures.chunk("tEXt", Pictures.ascii("Comment\0" + POSITION)),
                        Pictures.chunk("eXIf", Pictures.exif(6)),
                        Pictures.chunk("prVt", Pictures.ascii(POSITION))),
                Pictures.ascii("PK\u0003\u0004 " + POSITION));
        var result = clean(PictureFormat.PNG, file);
        assertFalse(Pictures.contains(result.bytes, "secret"));
        assertEquals(new CleanPicture(30, 20, 6, false), result.picture());
        assertEquals(30, Pictures.decoded(result.bytes).getWidth());
        assertEquals(6, clean(PictureFormat.PNG, result.bytes).picture().orientation());
    }

    @Test
    void a_gif_loses_its_comments_and_keeps_its_frames() throws Exception {
        byte[] gif = Pictures.gif(30, 20);
        byte[] comment = Pictures.join(
                new byte[] {0x21, (byte) 0xfe, (byte) POSITION.length()}, Pictures.ascii(POSITION), new byte[1]);
        byte[] xmp = Pictures.join(
                new byte[] {0x21, (byte) 0xff, 11},
                Pictures.ascii("XMP DataXMP"),
                new byte[] {(byte) POSITION.length()},
                Pictures.ascii(POSITION),
                new byte[1]);
        byte[] end = {0x3b};
        byte[] many = Pictures.gifOfManyFrames(gif, 50);
        byte[] file = Pictures.join(Arrays.copyOf(many, many.length - 1), comment, xmp, end, Pictures.ascii(POSITION));
        var result = clean(PictureFormat.GIF, file);
        assertArrayEquals(many, result.bytes);
        assertEquals(new CleanPicture(30, 20, 1, false), result.picture());
    }

    @Test
    void a_webp_loses_its_position_and_keeps_its_orientation() throws Exception {
        var turned = clean(PictureFormat.WEBP, Pictures.webpOfAPhone(8));
        assertFalse(Pictures.contains(turned.bytes, "secret"));
        assertEquals(new CleanPicture(1, 1, 8, false), turned.picture());
        assertArrayEquals(turned.bytes, clean(PictureFormat.WEBP, turned.bytes).bytes);
        var upright = clean(PictureFormat.WEBP, Pictures.webpOfAPhone(1));
        assertFalse(Pictures.contains(upright.bytes, "EXIF"));
        assertEquals(0, upright.bytes[20]);
    }

    @Test
    void a_picture_of_too_many_pixels_is_refused_by_its_header() throws Exception {
        assertInstanceOf(
                CleaningOutcome.TooManyPixels.class,
                clean(PictureFormat.PNG, Pictures.pngBomb(60_000, 60_000)).outcome);
        assertInstanceOf(
                CleaningOutcome.TooManyPixels.class, clean(PictureFormat.PNG, Pictures.pngBomb(1, 40_000)).outcome);
        assertInstanceOf(
                CleaningOutcome.TooManyPixels.class, clean(PictureFormat.PNG, Pictures.pngBomb(8_000, 5_001)).outcome);
        assertInstanceOf(CleaningOutcome.Clean.class, clean(PictureFormat.PNG, Pictures.pngBomb(8_000, 5_000)).outcome);
        assertInstanceOf(CleaningOutcome.Damaged.class, clean(PictureFormat.PNG, Pictures.pngBomb(0, 10)).outcome);
        assertInstanceOf(CleaningOutcome.Damaged.class, clean(PictureFormat.PNG, Pictures.pngBomb(-5, 10)).outcome);
        byte[] gif = Pictures.gif(30, 20);
        gif[6] = gif[7] = gif[8] = gif[9] = (byte) 0xff;
        assertInstanceOf(CleaningOutcome.TooManyPixels.class, clean(PictureFormat.GIF, gif).outcome);
    }

    @Test
    void a_frame_larger_than_the_canvas_is_damage() throws Exception {
        byte[] gif = Pictures.gif(30, 20);
        int image = 13 + (3 << ((gif[10] & 7) + 1));
        while (gif[image] != 0x2c) {
            image += 8; // past the timing
        }
        gif[image + 5] = gif[image + 6] = (byte) 0xff;
        assertInstanceOf(CleaningOutcome.Damaged.class, clean(PictureFormat.GIF, gif).outcome);
    }

    @Test
    void every_cut_is_noticed() throws Exception {
        everyCutIsNoticed(
                PictureFormat.PNG, Pictures.pngWith(Pictures.png(9, 7), Pictures.chunk("eXIf", Pictures.exif(6))));
        everyCutIsNoticed(PictureFormat.JPEG, Pictures.jpeg(9, 7));
        everyCutIsNoticed(PictureFormat.GIF, Pictures.gif(9, 7));
        everyCutIsNoticed(PictureFormat.WEBP, Pictures.webp());
    }

    private void everyCutIsNoticed(PictureFormat format, byte[] file) throws IOException {
        for (int length = 12; length < file.length; length++) {
            assertInstanceOf(
                    CleaningOutcome.Damaged.class,
                    clean(format, Arrays.copyOf(file, length)).outcome,
                    format + " " + length);
        }
    }

    @Test
    void noise_ends_in_an_outcome_and_never_in_an_exception() throws Exception {
        var random = new Random(4);
        byte[][] files = {
            Pictures.pngWith(Pictures.png(9, 7), Pictures.chunk("eXIf", Pictures.exif(6))),
            Pictures.jpegOfAPhone(9, 7, 6),
            Pictures.gif(9, 7),
            Pictures.webpOfAPhone(6)
        };
        PictureFormat[] formats = {PictureFormat.PNG, PictureFormat.JPEG, PictureFormat.GIF, PictureFormat.WEBP};
        int clean = 0;
        for (int i = 0; i < 20_000; i++) {
            int which = i % files.length;
            byte[] file = files[which].clone();
            for (int changes = random.nextInt(4); changes >= 0; changes--) {
                file[12 + random.nextInt(file.length - 12)] = (byte) random.nextInt(256);
            }
            if (clean(formats[which], file).outcome instanceof CleaningOutcome.Clean) {
                clean++;
            }
        }
        assertTrue(clean > 0 && clean < 20_000, clean + " of 20,000 were clean");
    }

    @Test
    void a_jpeg_of_very_many_scans_is_not_to_be_decoded() throws Exception {
        byte[] file = Pictures.jpeg(5_000, 5_000);
        int scan = file.length - 3;
        while (!((file[scan] & 0xff) == 0xff && (file[scan + 1] & 0xff) == 0xda)) {
            scan--;
        }
        byte[] header = Arrays.copyOfRange(file, scan, scan + 14);
        byte[] scans = new byte[0];
        for (int i = 0; i < 40; i++) {
            scans = Pictures.join(scans, header, new byte[4]);
        }
        var result = clean(
                PictureFormat.JPEG,
                Pictures.join(Arrays.copyOf(file, file.length - 2), scans, new byte[] {-1, (byte) 0xd9}));
        assertTrue(result.picture().costly());
        assertFalse(clean(PictureFormat.JPEG, file).picture().costly());
    }
}
