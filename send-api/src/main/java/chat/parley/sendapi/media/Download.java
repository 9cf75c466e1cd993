package chat.parley.sendapi.media;

import chat.parley.media.BlobKey;
import chat.parley.media.BlobStore;
import chat.parley.media.MediaItem;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends the bytes of media: whole or a part, and nothing to who has them already. */
public final class Download {
    private static final Logger LOG = LoggerFactory.getLogger(Download.class);

    private static final int BUFFER_BYTES = 64 * 1024;

    /** An id means the same bytes for ever, so a browser need not ask again; a year is the custom for that. Nobody but its owner keeps it. */
    private static final String KEPT = "private, max-age=31536000, immutable";

    /** Nothing in a file may act in the name of our address, whatever a browser takes it for. */
    private static final String POLICY = "sandbox; default-src 'none'";

    private static final Map<String, String> ENDINGS = Map.of(
            "image/png", "png",
            "image/jpeg", "jpg",
            "image/gif", "gif",
            "image/webp", "webp",
            "video/mp4", "mp4",
            "video/webm", "webm",
            "audio/mpeg", "mp3",
            "application/pdf", "pdf",
            "application/zip", "zip");

    private final BlobStore blobs;
    private final Counter bytes;
    private final Counter cutOff;

    /** @param blobs closed by the caller */
    public Download(BlobStore blobs, MeterRegistry meters) {
        this.blobs = blobs;
        this.bytes = meters.counter("parley.media.download.bytes");
        this.cutOff = meters.counter("parley.media.downloads.cut.off");
    }

    /**
     * One thing that can be sent.
     *
     * @param etag strong: it stands for these bytes
     */
    private record Sendable(BlobKey blob, long length, String type, String etag, String disposition) {}

    void original(Context http, MediaItem item) {
        String name = item.name() != null
                ? item.name()
                : item.id() + "."
                        + ENDINGS.getOrDefault(item.type(), item.type().endsWith("ogg") ? "ogg" : "bin");
        String how = item.isPicture() ? "inline" : "attachment";
        send(
                http,
                new Sendable(
                        item.blob(),
                        item.bytes(),
                        item.type(),
                        "\"" + hash(item) + "\"",
                        FileName.disposition(how, name)));
    }

    void thumbnail(Context http, MediaItem item, MediaItem.Thumbnail thumbnail) {
        send(
                http,
                new Sendable(
                        item.blob(thumbnail),
                        thumbnail.bytes(),
                        item.thumbnailType() == null ? "image/jpeg" : item.thumbnailType(),
                        "\"" + hash(item) + "-" + thumbnail.size() + "\"",
                        "inline"));
    }

    private void send(Context http, Sendable what) {
        if (matches(http.header("If-None-Match"), what.etag())) {
            http.status(304);
            http.header("ETag", what.etag());
            http.header("Cache-Control", KEPT);
            return;
        }
        String ifRange = http.header("If-Range");
        boolean ranged = ifRange == null || ifRange.equals(what.etag());
        switch (ByteRange.of(ranged ? http.header("Range") : null, what.length())) {
            case ByteRange.Wish.Whole whole -> send(http, what, 200, new ByteRange(0, what.length()));
            case ByteRange.Wish.Part part -> send(http, what, 206, part.range());
            case ByteRange.Wish.Outside outside -> {
                http.header("Content-Range", "bytes */" + what.length());
                throw new ProblemException(Fault.RANGE_NOT_SATISFIABLE);
            }
        }
    }

    private void send(Context http, Sendable what, int status, ByteRange range) {
        if (http.method().equals(HandlerType.HEAD)) {
            begin(http, what, status, range);
            return;
        }
        try (var in = blobs.open(what.blob(), range.first(), range.length()).orElse(null)) {
            if (in == null) {
                LOG.error("the blob {} is lost", what.blob());
                throw new ProblemException(Fault.NOT_FOUND);
            }
            begin(http, what, status, range);
            copy(in, http, range.length());
        } catch (IOException e) {
            // Closing a part that was read fails for nobody but us.
            LOG.info("closing {} failed: {}", what.blob(), e.toString());
        }
    }

    /** Only now is it known that the bytes are there: a problem must not carry what is said of them. */
    private static void begin(Context http, Sendable what, int status, ByteRange range) {
        http.status(status);
        http.header("ETag", what.etag());
        http.header("Cache-Control", KEPT);
        http.header("Content-Security-Policy", POLICY);
        http.header("Accept-Ranges", "bytes");
        if (status == 206) {
            http.header("Content-Range", range.header(what.length()));
        }
        http.contentType(what.type());
        http.header("Content-Disposition", what.disposition());
        http.res().setContentLengthLong(range.length());
    }

    /** Not by Javalin's own stream, which would compress some types and so break lengths and ranges. */
    private void copy(InputStream in, Context http, long length) {
        byte[] buffer = new byte[(int) Math.min(BUFFER_BYTES, Math.max(1, length))];
        try {
            var out = http.res().getOutputStream();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                out.write(buffer, 0, read);
                bytes.increment(read);
            }
        } catch (IOException e) {
            // The client left, or the store did: with fewer bytes than announced the connection is closed, and it may
            // ask for the rest.
            cutOff.increment();
            LOG.info("a download was cut off: {}", e.toString());
        }
    }

    private static boolean matches(@Nullable String header, String etag) {
        if (header == null) {
            return false;
        }
        return Arrays.stream(header.split(",", -1))
                .map(String::strip)
                .map(tag -> tag.startsWith("W/") ? tag.substring(2) : tag)
                .anyMatch(tag -> tag.equals("*") || tag.equals(etag));
    }

    private static String hash(MediaItem item) {
        return HexFormat.of().formatHex(item.sha256());
    }
}
