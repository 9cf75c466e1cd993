package chat.parley.stream;

import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.awaitility.Awaitility;

/** A thread that asks something, and what it is told. */
record Asker<V>(Thread thread, FutureTask<V> answer) {
    static <V> Asker<V> begin(Callable<V> question) {
        var answer = new FutureTask<>(question);
        return new Asker<>(Thread.ofPlatform().daemon().start(answer), answer);
    }

    /** It has asked, and there is no answer yet. */
    void awaitWaiting() {
        Awaitility.await("it waits").until(() -> thread.getState() == Thread.State.WAITING);
    }

    V told() throws Exception {
        return answer.get();
    }

    /** What was thrown instead of an answer. */
    Throwable failure() throws InterruptedException {
        try {
            throw new AssertionError("told " + answer.get());
        } catch (ExecutionException e) {
            return Objects.requireNonNull(e.getCause());
        }
    }
}
