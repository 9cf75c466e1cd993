package chat.parley.sendapi.http;

import java.util.concurrent.CompletableFuture;

/** Serves one URL without a thread that waits. */
@FunctionalInterface
public interface AsyncRoute {
    /**
     * Begins to serve {@code call}, often on the thread that serves many connections: what waits for a store, or takes long, is left to {@link AsyncCall#blocking}.
     * What is thrown, or completes the answer instead, is answered as a problem.
     */
    CompletableFuture<AsyncAnswer> serve(AsyncCall call);
}
