package chat.parley.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JsonTextTest {
    private static final DateTimeFormatter EXPECTED =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    @Test
    void times_read_as_a_formatter_writes_them() {
        var random = new Random(3);
        long first = Instant.parse("0000-01-01T00:00:00Z").toEpochMilli();
        long end = Instant.parse("9999-12-31T23:59:59.999Z").toEpochMilli();
        for (int i = 0; i < 10_000; i++) {
            var time = Instant.ofEpochMilli(random.nextLong(first, end)).plusNanos(random.nextInt(1_000_000));
            assertEquals(EXPECTED.format(time), JsonText.time(time));
        }
        assertEquals("2026-11-22T20:15:03.120Z", JsonText.time(Instant.parse("2026-11-22T20:15:03.12Z")));
        assertEquals("1970-01-01T00:00:00.000Z", JsonText.time(Instant.EPOCH));
        assertEquals("9999-12-31T23:59:59.999Z", JsonText.time(Instant.ofEpochMilli(end)));
    }

    @Test
    void what_no_contract_can_write_is_refused() {
        assertThrows(IllegalArgumentException.class, () -> JsonText.time(Instant.parse("+10000-01-01T00:00:00Z")));
        assertThrows(IllegalArgumentException.class, () -> JsonText.time(Instant.parse("-0001-01-01T00:00:00Z")));
    }
}
