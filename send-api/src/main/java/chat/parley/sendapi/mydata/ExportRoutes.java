package chat.parley.sendapi.mydata;

import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.http.RateLimit;
import io.javalin.http.Context;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** HTTP for the export of one's own data. */
public final class ExportRoutes {
    /** Exports of one person in an hour: each reads everything there is of them. */
    public static final int AN_HOUR = 2;

    private static final Logger LOG = LoggerFactory.getLogger(ExportRoutes.class);

    /** Written together: some dozens of messages. */
    private static final int BUFFER_BYTES = 16 * 1024;

    private final List<ExportPart> parts;
    private final RateLimit limit;
    private final Counter complete;
    private final Counter cut;

    /** @param parts in the order of their lines */
    public ExportRoutes(List<ExportPart> parts, RateLimit limit, MeterRegistry meters) {
        this.parts = List.copyOf(parts);
        this.limit = limit;
        this.complete = meters.counter("parley.exports", "outcome", "complete");
        this.cut = meters.counter("parley.exports", "outcome", "cut");
    }

    /** {@code GET /v1/users/me/export}. */
    public void export(Context http) throws IOException {
        var user = Edge.caller(http).user();
        limit.count(http, user);
        http.contentType("application/x-ndjson");
        http.header("Cache-Control", "no-store");
        var out = new BufferedOutputStream(http.outputStream(), BUFFER_BYTES);
        var lines = new ExportLines(out);
        try {
            for (var part : parts) {
                part.write(user, lines);
            }
            lines.line("end", json -> {
                json.writeStartObject();
                json.writeNumberField("lines", lines.written());
                json.writeEndObject();
            });
            out.flush();
            complete.increment();
        } catch (RuntimeException e) {
            cut.increment();
            if (!http.res().isCommitted()) {
                throw e; // what was written is still in our buffer: another answer is possible
            }
            // The status is sent, so only the missing last line can tell.
            LOG.warn("an export was cut off: {}", e.toString());
        } catch (IOException e) {
            cut.increment();
            LOG.debug("the reader of an export went away", e);
        }
    }
}
