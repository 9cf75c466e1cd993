package chat.parley.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Writes JSON by a generator, without an object in between. */
public final class JsonText {
    /** RFC 3339 in UTC with milliseconds, always three digits, so that equal times are equal text. */
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private JsonText() {}

    /** Writes one value. */
    @FunctionalInterface
    public interface Writer {
        /** Writes to {@code json}; the exception never comes, as the generator writes to memory. */
        void writeTo(JsonGenerator json) throws IOException;
    }

    /** The UTF-8 bytes of what {@code writer} writes. */
    public static byte[] bytes(Writer writer) {
        try (var out = new ByteArrayBuilder(Json.FACTORY._getBufferRecycler());
                var json = Json.FACTORY.createGenerator(out)) {
            writer.writeTo(json);
            json.flush();
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException("writing JSON to memory failed", e);
        }
    }

    /** A time as the contract writes it, for example {@code 2026-11-22T20:15:03.120Z}. */
    public static String time(Instant instant) {
        return TIME.format(instant);
    }
}
