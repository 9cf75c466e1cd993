package chat.parley.systemtests.groups;

import chat.parley.json.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** An open stream and everything it brought. */
final class Listening implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final InputStream in;
    private final List<Frame> frames = new CopyOnWriteArrayList<>();
    private volatile @Nullable String lastEventId;

    /** One event. */
    record Frame(@Nullable String id, String event, String data) {
        JsonNode json() {
            try {
                return Json.MAPPER.readTree(data);
            } catch (IOException e) {
                throw new AssertionError(data, e);
            }
        }

        long seq() {
            return json().at("/data/seq").asLong();
        }

        boolean isOf(String conversation) {
            return json().at("/conversation_id").asText().equals(conversation);
        }
    }

    Listening(InputStream in) {
        this.in = in;
        Thread.ofVirtual().start(this::read);
    }

    private void read() {
        try (var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            String id = null;
            String event = "message";
            String data = null;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("event: ")) {
                    event = line.substring(7);
                } else if (line.startsWith("data: ")) {
                    data = line.substring(6);
                } else if (line.isEmpty()) {
                    lastEventId = id == null ? lastEventId : id;
                    if (data != null) {
                        frames.add(new Frame(id, event, data));
                    }
                    id = null;
                    event = "message";
                    data = null;
                }
            }
        } catch (IOException e) {
            frames.add(new Frame(null, "end", "{}"));
        }
    }

    @Nullable
    String lastEventId() {
        return lastEventId;
    }

    List<Frame> all() {
        return List.copyOf(frames);
    }

    /** What was told of this conversation, of this type. */
    List<Frame> of(String conversation, String type) {
        return frames.stream()
                .filter(frame -> frame.event().equals(type) && frame.isOf(conversation))
                .toList();
    }

    /** The seqs of new messages, as they came. */
    List<Long> seqs(String conversation) {
        return of(conversation, "message.created").stream().map(Frame::seq).toList();
    }

    void await(String event) {
        Awaitility.await(event)
                .atMost(PATIENCE)
                .until(() -> frames.stream().anyMatch(frame -> frame.event().equals(event)));
    }

    /** Waits for a message. */
    void awaitSeq(String conversation, long seq) {
        Awaitility.await("message " + seq)
                .atMost(PATIENCE)
                .until(() -> seqs(conversation).contains(seq));
    }

    /** Every message from the first to the last, and each new one after those before it. */
    void assertWhole(String conversation, long first, long last) {
        awaitSeq(conversation, last);
        var seqs = seqs(conversation);
        var missing =
                new ArrayList<>(LongStream.rangeClosed(first, last).boxed().toList());
        missing.removeAll(seqs);
        if (!missing.isEmpty()) {
            throw new AssertionError("missing " + missing + " of " + seqs);
        }
        long newest = 0;
        for (long seq : seqs) {
            if (seq > newest + 1 && newest >= first) {
                throw new AssertionError("out of order: " + seqs);
            }
            newest = Math.max(newest, seq);
        }
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
