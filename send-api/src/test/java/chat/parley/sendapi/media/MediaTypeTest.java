package chat.parley.sendapi.media;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

class MediaTypeTest {
    @Test
    void each_type_is_told_by_its_first_bytes() {
        Map.ofEntries(
                        Map.entry("\0\0\0\u0018ftypmp42", "video/mp4"),
                        Map.entry("\0\0\0\u0018ftypisom", "video/mp4"),
                        Map.entry("\0\0\0\u0018ftypheic", "application/octet-stream"),
                        Map.entry("\0\0\0\u0018ftypavif", "application/octet-stream"),
                        Map.entry("\u001aE\u00df\u00a3\u0093B\u0082\u0084webmB", "video/webm"),
                        Map.entry("\u001aE\u00df\u00a3\u0093B\u0082\u0088matroska", "application/octet-stream"),
                        Map.entry("ID3\u0004", "audio/mpeg"),
                        Map.entry("\u00ff\u00fb\u0090d", "audio/mpeg"),
                        Map.entry("\u00ff\u00fe\u0090d", "application/octet-stream"), // a byte order mark
                        Map.entry("\u00ff\u00fb\u00f0d", "application/octet-stream"),
                        Map.entry("OggS" + "x".repeat(24) + "OpusHead", "audio/ogg"),
                        Map.entry("OggS" + "x".repeat(24) + "\u0080theora", "application/ogg"),
                        Map.entry("%PDF-1.7", "application/pdf"),
                        Map.entry(" %PDF-1.7", "application/octet-stream"),
                        Map.entry("PK\u0003\u0004", "application/zip"),
                        Map.entry("PK", "application/octet-stream"),
                        Map.entry("RIFF\0\0\0\0WAVE", "application/octet-stream"),
                        Map.entry("<!DOCTYPE html>", "application/octet-stream"),
                        Map.entry("", "application/octet-stream"))
                .forEach((head, type) -> assertEquals(
                        type, MediaType.of(head.getBytes(ISO_8859_1)).name(), head));
    }
}
