package chat.parley.sendapi.http;

import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import chat.parley.problem.ProblemException;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.thread.Invocable;

/** Reads a body piece by piece, as it comes; mostly it came with the head. For one request. */
final class BodyReader {
    private static final int FIRST_BYTES = 1_024;

    /** Some 100 µs of parsing, during which other connections wait; ten times the usual body. */
    private static final int AT_ONCE_BYTES_MAX = 8 * 1024;

    private final Request request;
    private final Executor threads;
    private final CompletableFuture<Body> body = new CompletableFuture<>();
    private byte[] bytes;
    private int count;

    /**
     * Refuses at once a body that says it is too large.
     *
     * @param threads parse what takes long
     */
    BodyReader(Request request, Executor threads) {
        long length = request.getLength(); // -1 where the body is in chunks
        Body.checkLength(length);
        this.request = request;
        this.threads = threads;
        this.bytes = new byte[length < 0 ? FIRST_BYTES : (int) length];
    }

    CompletableFuture<Body> read() {
        more();
        return body;
    }

    private void more() {
        try {
            while (true) {
                var chunk = request.read();
                if (chunk == null) {
                    request.demand(Invocable.from(Invocable.InvocationType.NON_BLOCKING, this::more));
                    return;
                }
                if (Content.Chunk.isFailure(chunk)) {
                    throw new ProblemException(Problem.of(Fault.INVALID_JSON, Body.ENDED_EARLY));
                }
                boolean isLast = chunk.isLast();
                take(chunk);
                if (isLast) {
                    end();
                    return;
                }
            }
        } catch (RuntimeException e) {
            body.completeExceptionally(e);
        }
    }

    private void end() {
        if (count > AT_ONCE_BYTES_MAX) {
            threads.execute(this::parse);
        } else {
            parse();
        }
    }

    private void parse() {
        try {
            body.complete(Body.of(count == bytes.length ? bytes : Arrays.copyOf(bytes, count)));
        } catch (RuntimeException e) {
            body.completeExceptionally(e);
        }
    }

    private void take(Content.Chunk chunk) {
        var piece = chunk.getByteBuffer();
        int size = piece.remaining();
        try {
            Body.checkLength((long) count + size);
            if (count + size > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(count + size, Math.min(2 * bytes.length, Body.BYTES_MAX)));
            }
            piece.get(bytes, count, size);
            count += size;
        } finally {
            chunk.release();
        }
    }
}
