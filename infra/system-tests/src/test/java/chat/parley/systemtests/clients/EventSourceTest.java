package chat.parley.systemtests.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;

import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Person;
import chat.parley.systemtests.process.SharedParley;
import com.launchdarkly.eventsource.ConnectStrategy;
import com.launchdarkly.eventsource.ErrorStrategy;
import com.launchdarkly.eventsource.EventSource;
import com.launchdarkly.eventsource.MessageEvent;
import com.launchdarkly.eventsource.StreamException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** LaunchDarkly's okhttp-eventsource, which reconnects by itself with the last id it saw. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class EventSourceTest {
    private static final Duration DELIVERED_MAX = Duration.ofSeconds(40);

    private final List<String> types = new CopyOnWriteArrayList<>();
    private final List<String> texts = new CopyOnWriteArrayList<>();
    private final List<String> resumed = new CopyOnWriteArrayList<>();

    @Test
    void it_receives_loses_the_service_and_resumes_without_a_gap() throws Exception {
        var parley = SharedParley.get();
        var ann = parley.api().signUp("ann");
        var bob = parley.api().signUp("bob");
        var conversation = ann.direct(bob);
        try (var source = connect(bob)) {
            var reader = Thread.ofVirtual().start(() -> read(source));
            awaitTrue(() -> types.contains("stream.caught_up"));
            var expected = new ArrayList<String>();
            send(ann, conversation, "one", expected);
            awaitTrue(() -> texts.equals(expected));

            parley.stream().kill();
            send(ann, conversation, "two", expected);
            send(ann, conversation, "three", expected);
            parley.stream().restart();
            awaitTrue(() -> texts.equals(expected));
            send(ann, conversation, "four", expected);
            awaitTrue(() -> texts.equals(expected));
            assertEquals(List.of("new", "exact"), resumed);
            source.close();
            reader.join();
        }
    }

    private static void send(Person sender, String conversation, String text, List<String> sent) throws Exception {
        sender.send(conversation, text, text);
        sent.add(text);
    }

    private static EventSource connect(Person person) {
        var strategy = ConnectStrategy.http(person.api().stream()).header("Authorization", "Bearer " + person.token());
        return new EventSource.Builder(strategy)
                .errorStrategy(ErrorStrategy.alwaysContinue())
                .build();
    }

    private void read(EventSource source) {
        try {
            source.start();
            for (MessageEvent event : source.messages()) take(event);
        } catch (StreamException | IOException e) {
            types.add("failed: " + e);
        }
    }

    private void take(MessageEvent event) throws IOException {
        types.add(event.getEventName());
        var data = Api.json(event.getData()).path("data");
        if (event.getEventName().equals("message.created"))
            texts.add(data.get("text").asText());
        if (event.getEventName().equals("stream.ready"))
            resumed.add(data.get("resumed").asText());
    }

    private static void awaitTrue(Callable<Boolean> condition) {
        Awaitility.await()
                .atMost(DELIVERED_MAX)
                .pollInterval(Duration.ofMillis(20))
                .until(condition);
    }
}
