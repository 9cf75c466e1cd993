package chat.parley.embedded;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** A server under our wings: started so that it ends with the JVM, signalled by name, always stopped in bounded time. */
final class ServerProcess {
    /**
     * Starts every server and lives as long as the JVM. The parent-death signal follows the thread, not the process: from a
     * thread that ends earlier, the server would be ended in the middle of its work.
     */
    private static final ExecutorService KEEPER = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("embedded-server-keeper").factory());

    /** For programs that only look or prepare; initdb on a slow disk is the longest of them. */
    private static final Duration PREPARATION_MAX = Duration.ofMinutes(2);

    private static final Duration KILL_MAX = Duration.ofSeconds(10);

    private final Process process;

    private ServerProcess(Process process) {
        this.process = process;
    }

    /** Starts a program with its output appended to the log. It sees none of our environment, which may hold secrets. */
    static ServerProcess start(List<String> command, Path directory, Path log) throws IOException {
        var builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        var path = System.getenv("PATH");
        builder.environment().clear();
        if (path != null) builder.environment().put("PATH", path);
        builder.environment().put("LC_ALL", "C");
        try {
            return new ServerProcess(KEEPER.submit(builder::start).get());
        } catch (ExecutionException e) {
            throw new IOException(command.getLast() + " could not be started", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while a server was started", e);
        }
    }

    /** Waits for a program that ends by itself; kills it when it does not. */
    static int exitCode(Process process) throws IOException {
        try {
            if (process.waitFor(PREPARATION_MAX.toMillis(), TimeUnit.MILLISECONDS)) return process.exitValue();
            process.destroyForcibly();
            throw new IOException("a helper program did not end within " + PREPARATION_MAX);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for a program", e);
        }
    }

    int exitCode() throws IOException {
        return exitCode(process);
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** True when it ended in time. */
    boolean awaitExit(Duration atMost) {
        try {
            return process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return !process.isAlive();
        }
    }

    void signal(String name) {
        signal(process.pid(), name);
    }

    /** {@link ProcessHandle} knows only TERM and KILL. A process that is gone already is fine. */
    static void signal(long pid, String name) {
        try {
            exitCode(new ProcessBuilder("sh", "-c", "kill -s \"$1\" \"$2\"", "sh", name, Long.toString(pid))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start());
        } catch (IOException e) {
            throw new EmbeddedServerException("Signal " + name + " could not be sent to process " + pid + ".", e);
        }
    }

    /** Ends it as power loss would. Returns when it is gone. */
    void kill() {
        process.destroyForcibly();
        if (!awaitExit(KILL_MAX)) throw new EmbeddedServerException("Process " + pid() + " survived SIGKILL.");
    }

    /** Asks it to end, then insists. Returns when it is gone, at the latest after both waiting times. */
    void stop(String politely, Duration patience) {
        if (!isAlive()) return;
        signal("CONT"); // a stopped process would not hear the next signal
        signal(politely);
        if (!awaitExit(patience)) kill();
    }
}
