package chat.parley.embedded;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Servers that an earlier run left behind on a data folder. They are recognized by their command line, which names the folder:
 * unlike a pid file it cannot point to a stranger who got the number later, and it is readable for everyone.
 *
 * <p>Only called while the folder's lock is held, so what is found belongs to no living Parley.
 */
final class Leftovers {
    private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);

    /** A clean end (checkpoint, flush) gets this long; afterwards recovery at the next start is quicker. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final Duration KILL_MAX = Duration.ofSeconds(10);
    private static final Duration POLL = Duration.ofMillis(10);

    private Leftovers() {}

    /** Ends every process whose command line is one of ours; returns when none is left. */
    static void end(Predicate<List<String>> isOurs, String politely) {
        var found = find(isOurs);
        if (found.isEmpty()) return;
        LOG.info("Ending servers that an earlier run left behind: processes {}", found);
        for (var pid : found) {
            ServerProcess.signal(pid, "CONT");
            ServerProcess.signal(pid, politely);
        }
        if (areGone(isOurs, PATIENCE)) return;
        for (var pid : find(isOurs)) ServerProcess.signal(pid, "KILL");
        if (!areGone(isOurs, KILL_MAX)) {
            throw new EmbeddedServerException("Processes " + find(isOurs) + " of an earlier run could not be ended.");
        }
    }

    /** Sends a signal to every process whose command line is one of ours. */
    static void signal(Predicate<List<String>> isOurs, String name) {
        for (var pid : find(isOurs)) ServerProcess.signal(pid, name);
    }

    private static boolean areGone(Predicate<List<String>> isOurs, Duration atMost) {
        for (long polls = atMost.dividedBy(POLL); polls > 0; polls--) {
            if (find(isOurs).isEmpty()) return true;
            LockSupport.parkNanos(POLL.toNanos());
        }
        return find(isOurs).isEmpty();
    }

    private static List<Long> find(Predicate<List<String>> isOurs) {
        var found = new ArrayList<Long>();
        try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (var process : processes) {
                if (isOurs.test(commandLine(process))) {
                    found.add(Long.valueOf(process.getFileName().toString()));
                }
            }
        } catch (IOException e) {
            throw new EmbeddedServerException("/proc cannot be read, so left-over servers cannot be found.", e);
        }
        return found;
    }

    /** Empty for a process that has just ended, also for one whose parent has not noticed yet. */
    private static List<String> commandLine(Path process) {
        try {
            var line = new String(Files.readAllBytes(process.resolve("cmdline")), StandardCharsets.UTF_8);
            return List.of(line.split("\0", -1));
        } catch (IOException gone) {
            return List.of();
        }
    }
}
