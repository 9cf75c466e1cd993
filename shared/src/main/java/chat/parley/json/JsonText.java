package chat.parley.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/** Writes JSON by a generator, without an object in between. */
public final class JsonText {
    private static final int TIME_BYTES = 24;
    private static final int YEAR_MAX = 9_999;
    private static final int NANOS_PER_MILLI = 1_000_000;

    private JsonText() {}

    /** Writes one value. */
    @FunctionalInterface
    public interface Writer {
        /** Writes to {@code json}; the exception never comes, as the generator writes to memory. */
        void writeTo(JsonGenerator json) throws IOException;
    }

    /** The UTF-8 bytes of what {@code writer} writes. */
    public static byte[] bytes(Writer writer) {
        var buffers = Json.FACTORY._getBufferRecycler();
        try (var out = new ByteArrayBuilder(buffers);
                var json = Json.FACTORY.createGenerator(out)) {
            writer.writeTo(json);
            json.flush();
            return out.getClearAndRelease();
        } catch (IOException e) {
            throw new UncheckedIOException("writing JSON to memory failed", e);
        } finally {
            buffers.releaseToPool();
        }
    }

    /**
     * A time as the contract writes it, for example {@code 2026-11-22T20:15:03.120Z}: always three digits, so that equal times are equal text. By hand: some
     * 40 ns where a formatter takes 100 and more, and a list of conversations writes a thousand of them.
     */
    public static String time(Instant instant) {
        var time = LocalDateTime.ofEpochSecond(instant.getEpochSecond(), instant.getNano(), ZoneOffset.UTC);
        int year = time.getYear();
        if (year < 0 || year > YEAR_MAX) {
            throw new IllegalArgumentException("RFC 3339 has no year " + year);
        }
        var text = new byte[TIME_BYTES];
        put(text, 0, 4, year, '-');
        put(text, 5, 2, time.getMonthValue(), '-');
        put(text, 8, 2, time.getDayOfMonth(), 'T');
        put(text, 11, 2, time.getHour(), ':');
        put(text, 14, 2, time.getMinute(), ':');
        put(text, 17, 2, time.getSecond(), '.');
        put(text, 20, 3, time.getNano() / NANOS_PER_MILLI, 'Z');
        return new String(text, StandardCharsets.ISO_8859_1);
    }

    /** {@code digits} of {@code number} from {@code at} on, and what follows them. */
    private static void put(byte[] text, int at, int digits, int number, char after) {
        int rest = number;
        for (int i = at + digits - 1; i >= at; i--) {
            text[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        text[at + digits] = (byte) after;
    }
}
