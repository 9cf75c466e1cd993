package chat.parley.sendapi.media;

import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import chat.parley.problem.ProblemException;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the raw body of an upload, however long it says it is, up to the limit. */
final class UploadBody {
    private static final Logger LOG = LoggerFactory.getLogger(UploadBody.class);

    private static final int BUFFER_BYTES = 64 * 1024;

    /** Longest upload: 25 MB over a slow telephone line. One that trickles on would hold its slot for ever. */
    private static final Duration TIME_MAX = Duration.ofMinutes(10);

    private final long bytesMax;

    UploadBody(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /** Refuses what says already that it is too long, before a byte of it was read. */
    void check(Context http) {
        if (http.req().getContentLengthLong() > bytesMax) {
            throw tooLarge(http);
        }
        String encoding = http.header("Content-Encoding");
        if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
            throw closing(http, Problem.of(Fault.UNSUPPORTED_MEDIA_TYPE));
        }
        String type = http.header("Content-Type");
        if (type != null && type.toLowerCase(Locale.ROOT).startsWith("multipart/")) {
            // Its parts' headers would be kept as if they were the file.
            throw closing(
                    http, Problem.of(Fault.UNSUPPORTED_MEDIA_TYPE, "Send the file itself as the body, not a form."));
        }
    }

    void read(Context http, OutputStream to) throws IOException {
        long started = System.nanoTime();
        byte[] buffer = new byte[BUFFER_BYTES];
        long total = 0;
        InputStream in = http.req().getInputStream();
        while (true) {
            int read;
            try {
                read = in.read(buffer);
            } catch (IOException e) {
                LOG.debug("an upload was cut off", e);
                throw closing(http, Problem.field("body", "cut_off"));
            }
            if (read < 0) {
                break;
            }
            total += read;
            if (total > bytesMax) {
                throw tooLarge(http);
            }
            if (System.nanoTime() - started > TIME_MAX.toNanos()) {
                throw closing(http, Problem.field("body", "too_slow"));
            }
            to.write(buffer, 0, read);
        }
        if (total == 0) {
            throw ProblemException.field("body", "empty");
        }
    }

    private ProblemException tooLarge(Context http) {
        return closing(http, Problem.of(Fault.BODY_TOO_LARGE, "A file has at most " + bytesMax + " bytes."));
    }

    /** The rest of the body is not read: the connection is of no more use. */
    static ProblemException closing(Context http, Problem problem) {
        http.header("Connection", "close");
        return new ProblemException(problem);
    }
}
