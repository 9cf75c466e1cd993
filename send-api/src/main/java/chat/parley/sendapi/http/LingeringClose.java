package chat.parley.sendapi.http;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.EndPoint;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a client that is still sending read why it was refused. A connection that is closed while bytes of a request wait unread is reset, and a reset takes
 * the answer away that the client has not read yet (RFC 9112, 9.6). So after an answer that came before the end of the body what still comes is thrown
 * away, until the body or the client ends or one of the bounds is reached.
 */
public final class LingeringClose implements Filter {
    private static final Logger LOG = LoggerFactory.getLogger(LingeringClose.class);

    /** Somebody who sends nothing for so long has read the answer or is gone. */
    private static final Duration QUIET_MAX = Duration.ofSeconds(1);

    /** A trickle holds a connection no longer than that. */
    private static final Duration TIME_MAX = Duration.ofSeconds(10);

    /** More than the largest file that is taken by default, so that who sent just too much can end. */
    private static final long BYTES_MAX = 64L * 1024 * 1024;

    private static final int BUFFER_BYTES = 16 * 1024;

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        chain.doFilter(request, response);
        if (request.isAsyncStarted() || !hasBody((HttpServletRequest) request)) {
            return;
        }
        var body = request.getInputStream();
        if (!body.isFinished()) {
            response.getOutputStream().close(); // the answer is on its way
            var connection = ServletContextRequest.getServletContextRequest(request)
                    .getConnectionMetaData()
                    .getConnection();
            discard(connection.getEndPoint(), body);
        }
    }

    private static boolean hasBody(HttpServletRequest request) {
        return request.getContentLengthLong() > 0 || request.getHeader("Transfer-Encoding") != null;
    }

    /** Reads what comes and throws it away, within the bounds. */
    static void discard(EndPoint endPoint, InputStream body) {
        long quietBefore = endPoint.getIdleTimeout();
        endPoint.setIdleTimeout(QUIET_MAX.toMillis());
        long started = System.nanoTime();
        long bytes = 0;
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            int read = 0;
            while (read >= 0 && bytes < BYTES_MAX && System.nanoTime() - started < TIME_MAX.toNanos()) {
                bytes += read;
                read = body.read(buffer);
            }
        } catch (IOException e) {
            LOG.debug("the rest of a refused body did not come", e);
        }
        endPoint.setIdleTimeout(quietBefore);
    }
}
