package chat.parley.sendapi.media;

import chat.parley.sendapi.picture.PictureFormat;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a file is, by its first bytes. Whatever a browser could run (HTML, SVG, scripts) has no place here and is plain bytes.
 *
 * @param name as in {@code Content-Type}
 * @param ending of a file name
 * @param picture null for what is not one
 */
record MediaType(String name, String ending, @Nullable PictureFormat picture) {
    /** As many first bytes as {@link #of} looks at. */
    static final int HEAD_BYTES = 64;

    private static final MediaType BYTES = new MediaType("application/octet-stream", "bin", null);

    /** Main brands of files that video elements play (ISO/IEC 14496-12); others are pictures, books and much else. */
    private static final Set<String> MP4_BRANDS =
            Set.of("isom", "iso2", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1", "M4V ", "MSNV", "dash");

    static MediaType of(byte[] head) {
        if (at(head, 0, "\u0089PNG\r\n\u001a\n")) {
            return new MediaType("image/png", "png", PictureFormat.PNG);
        }
        if (at(head, 0, "\u00ff\u00d8\u00ff")) {
            return new MediaType("image/jpeg", "jpg", PictureFormat.JPEG);
        }
        if (at(head, 0, "GIF87a") || at(head, 0, "GIF89a")) {
            return new MediaType("image/gif", "gif", PictureFormat.GIF);
        }
        if (at(head, 0, "RIFF") && at(head, 8, "WEBP")) {
            return new MediaType("image/webp", "webp", PictureFormat.WEBP);
        }
        return soundOrFilm(head);
    }

    private static MediaType soundOrFilm(byte[] head) {
        if (at(head, 4, "ftyp") && MP4_BRANDS.contains(text(head, 8, 12))) {
            return new MediaType("video/mp4", "mp4", null);
        }
        if (at(head, 0, "\u001aE\u00df\u00a3") && text(head, 4, HEAD_BYTES).contains("B\u0082\u0084webm")) {
            return new MediaType("video/webm", "webm", null);
        }
        if (at(head, 0, "ID3") || isMp3Frame(head)) {
            return new MediaType("audio/mpeg", "mp3", null);
        }
        if (at(head, 0, "OggS")) {
            boolean isSound = at(head, 28, "OpusHead") || at(head, 28, "\u0001vorbis") || at(head, 28, "\u007fFLAC");
            return new MediaType(isSound ? "audio/ogg" : "application/ogg", "ogg", null);
        }
        if (at(head, 0, "%PDF-")) {
            return new MediaType("application/pdf", "pdf", null);
        }
        if (at(head, 0, "PK\u0003\u0004") || at(head, 0, "PK\u0005\u0006")) {
            return new MediaType("application/zip", "zip", null);
        }
        return BYTES;
    }

    /** MPEG 1 or 2, layer III, without a forbidden bit rate or sampling rate. */
    private static boolean isMp3Frame(byte[] head) {
        if (head.length < 4 || (head[0] & 0xff) != 0xff) {
            return false;
        }
        int version = head[1] & 0xfe;
        int rate = head[2] & 0xf0;
        return (version == 0xfa || version == 0xf2) && rate != 0xf0 && rate != 0 && (head[2] & 0x0c) != 0x0c;
    }

    private static boolean at(byte[] head, int offset, String magic) {
        byte[] bytes = magic.getBytes(StandardCharsets.ISO_8859_1);
        return head.length >= offset + bytes.length
                && Arrays.equals(head, offset, offset + bytes.length, bytes, 0, bytes.length);
    }

    private static String text(byte[] head, int from, int to) {
        int end = Math.min(to, head.length);
        return from >= end ? "" : new String(head, from, end - from, StandardCharsets.ISO_8859_1);
    }
}
