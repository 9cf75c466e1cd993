package chat.parley.systemtests.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import org.jspecify.annotations.Nullable;

/** Reads server-sent events as WHATWG HTML 9.2.6 says; written from that page, not from the server's code. */
final class SseReader {
    private final BufferedReader lines;
    private String lastEventId = "";

    SseReader(InputStream in) {
        // BufferedReader ends lines at LF, CR and CRLF, and nowhere else, as the format does.
        this.lines = new BufferedReader(new InputStreamReader(in, UTF_8));
    }

    /** One event; {@code id} is the last one seen, whichever frame carried it. */
    record Event(String id, String type, String data) {}

    /** Null at the end of the stream; an event that was cut off is not one. */
    @Nullable
    Event next() throws IOException {
        var type = "";
        var data = new StringBuilder();
        for (String line; (line = lines.readLine()) != null; ) {
            if (line.isEmpty()) {
                if (!data.isEmpty()) {
                    data.setLength(data.length() - 1);
                    return new Event(lastEventId, type.isEmpty() ? "message" : type, data.toString());
                }
                type = "";
                continue;
            }
            int colon = line.indexOf(':');
            var field = colon < 0 ? line : line.substring(0, colon);
            var value = colon < 0 ? "" : line.substring(colon + 1);
            if (value.startsWith(" ")) value = value.substring(1);
            switch (field) {
                case "event" -> type = value;
                case "data" -> data.append(value).append('\n');
                case "id" -> lastEventId = value.indexOf('\0') < 0 ? value : lastEventId;
                default -> {} // comments, retry, and what is to be ignored
            }
        }
        return null;
    }

    /** The last id seen, also from a frame without an event. */
    String lastEventId() {
        return lastEventId;
    }
}
