package chat.parley.systemtests.deployment;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** The lines of a stream as they come in, and whether it was cut. */
final class StreamLines implements AutoCloseable {
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final InputStream in;
    private final Thread reader;

    StreamLines(InputStream in) {
        this.in = in;
        this.reader = Thread.ofVirtual().start(this::read);
    }

    long count(Predicate<String> which) {
        return lines.stream().filter(which).count();
    }

    boolean holds(String part) {
        return count(line -> line.contains(part)) > 0;
    }

    boolean isCut() {
        return !reader.isAlive();
    }

    @Override
    public void close() throws Exception {
        in.close();
        reader.join();
    }

    private void read() {
        try (var text = new BufferedReader(new InputStreamReader(in, UTF_8))) {
            for (String line; (line = text.readLine()) != null; ) lines.add(line);
        } catch (IOException cut) {
            // Whoever asks sees that this thread has ended.
        }
    }
}
