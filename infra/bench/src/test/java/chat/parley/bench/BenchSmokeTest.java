package chat.parley.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchSmokeTest {
    private static final String[] SMALL = {
        "all",
        "--seconds=1",
        "--warmup=1",
        "--senders=1,4",
        "--receivers=8",
        "--rate=50",
        "--hot-sizes=40",
        "--resuming=20",
        "--away-seconds=1",
        "--histories=100,2000",
        "--idle-seconds=1",
        "--connections=50",
        "--members=10",
        "--devices=2",
        "--conversations=20",
        "--push-rate=20",
        "--group-sizes=2,300",
        "--group-connected=20"
    };

    /** The same number twice in the row below the heads. */
    private static final Pattern ALL_PUSHED = Pattern.compile("sent, pushed.*\\n.*\\n.*\\| ([1-9][0-9]*), \\1 \\|");

    @TempDir
    Path folder;

    @Test
    void a_small_run_of_everything_reads_all_that_was_sent() throws Exception {
        var output = new StringWriter();
        var arguments =
                Stream.concat(Stream.of(SMALL), Stream.of("--data=" + folder)).toArray(String[]::new);

        int exitCode = Bench.run(new PrintWriter(output), arguments);

        var text = output.toString();
        assertEquals(0, exitCode, text);
        for (var title : new String[] {
            "Persisted sends",
            "one row an INSERT",
            "20 connections",
            "One hot conversation",
            "20 clients come back with 20 missed messages each",
            "20 clients of one large group come back with 20 missed messages each",
            "A page of 50 anywhere",
            "Idle connections",
            "tokens never seen, time 3",
            "### Targets",
            "Lists of conv",
            "Pushes to browsers"
        }) {
            assertTrue(text.contains(title), text);
        }
        assertFalse(text.contains("(only"), text);
        assertTrue(ALL_PUSHED.matcher(text).find(), text);
        assertTrue(text.contains("Requests that were not as they should be: 0."), text);
        assertTrue(text.contains("Streams closed by the server meanwhile: 0."), text);
    }

    @Test
    void a_run_out_of_bounds_is_refused_before_anything_starts() throws Exception {
        var output = new StringWriter();

        assertEquals(2, Bench.run(new PrintWriter(output), "idle", "--connections=1000000"));

        assertTrue(output.toString().contains("--connections must be from 1 to"), output.toString());
    }
}
