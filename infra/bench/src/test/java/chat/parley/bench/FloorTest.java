package chat.parley.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the floor does; it needs a C compiler, and is skipped without one except in CI. */
class FloorTest {
    private static final long PATIENCE_NANOS = 10_000_000_000L;
    private static final Path SOURCE = Path.of("floor/floor.c");

    @TempDir
    Path folder;

    @Test
    void the_floor_writes_each_event_to_every_stream_and_to_none_that_left() throws Exception {
        if (Floor.compiler() == null) {
            String sentence = "the floor is written in C, and no C compiler is installed";
            if (System.getenv("CI") == null) abort(sentence);
            fail(sentence);
        }
        var people = List.of(new Person("ann", "token"), new Person("bob", "t".repeat(900)));
        var event =
                ("id: 1\nevent: message.created\ndata: {\"text\":\"" + Stamp.text(7) + "\"}\n\n").getBytes(US_ASCII);
        try (var floor = Floor.start(SOURCE, folder);
                var streams = new StreamClients(floor.address())) {
            try (var leaving = new StreamClients(floor.address())) {
                leaving.open(people, 2);
            }
            streams.open(people, 3);
            var tally = streams.tally();
            floor.publish(event);
            floor.publish(event);

            assertTrue(tally.await(12, PATIENCE_NANOS));
            streams.check();
            assertEquals(12, tally.messages());
            assertEquals(0, streams.ended());
            assertTrue(floor.cpuMicros() >= 0);
        }
    }
}
