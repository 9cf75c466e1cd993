package chat.parley.sendapi.http;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Write the answers of {@link AsyncRoutes}, and read on from their connections. Whoever completes an answer, mostly many at once, has other work and only hands
 * over; a thread that is awake takes what came meanwhile, so a batch costs one wake-up. None of them ever waits but for work, so a queue holds at most one call for each
 * connection.
 */
final class AnswerThreads {
    /** With half of the cores the answers never are what a node waits for: one writes some 50,000 a second. */
    private static final int CORES_EACH = 2;

    private static final long IDLE_SECONDS = 10;

    private final List<Executor> threads = new ArrayList<>();

    AnswerThreads() {
        int count = Math.max(1, Runtime.getRuntime().availableProcessors() / CORES_EACH);
        for (int i = 0; i < count; i++) {
            var names = Thread.ofPlatform().name("answers-" + i).daemon().factory();
            var one = new ThreadPoolExecutor(1, 1, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), names);
            one.allowCoreThreadTimeOut(true); // so that nothing is left of a server that stopped
            threads.add(one);
        }
    }

    /** Always the same one for a connection. */
    Executor of(Object connection) {
        return threads.get(Math.floorMod(System.identityHashCode(connection), threads.size()));
    }
}
