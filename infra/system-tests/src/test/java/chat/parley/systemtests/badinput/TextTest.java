package chat.parley.systemtests.badinput;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.systemtests.history.History;
import chat.parley.systemtests.history.Outcome;
import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Device;
import chat.parley.systemtests.process.ServiceProcess;
import chat.parley.systemtests.process.SharedParley;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Text is data: whatever stands in it arrives as it was sent, and never becomes a frame, a header or a line of a log. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class TextTest {
    private static final Duration DELIVERED_MAX = Duration.ofSeconds(10);

    private final Api api = SharedParley.get().api();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "line\nline",
                "line\r\nline",
                "line\rline",
                "\r\n\r\nevent: stream.reset\r\nid: 0\r\ndata: {}\r\n\r\n",
                "\n\nid: forged-1\nevent: message.created\ndata: {\"data\":{\"seq\":99}}\n\n",
                "\u2028\u2029\u0085\u000b\u000c",
                "\u0001\u001f\u007f\ufeff\ufffe\uffff",
                "\u202eright to left\u202c \u200b\u200d",
                "\ud83d\udc69\u200d\ud83d\ude80 e\u0301 \u0e01\u0e33 \ud800\udc00",
                "<script>alert(1)</script> ${jndi:ldap://x} {} %s %n '; DROP TABLE message; --",
                " leading and trailing ",
                "\\u0000 \\ud800 \\n as letters"
            })
    void text_arrives_as_it_was_sent_on_the_stream_and_in_history(String text) throws Exception {
        var ann = api.signUp("ann");
        var bob = api.signUp("bob");
        var conversation = ann.direct(bob);
        var history = new History();
        var trace = history.device("bob's device", bob.id());
        try (var device = Device.connect(bob, trace)) {
            assertEquals(Outcome.OK, ann.send(conversation, "first", text).outcome());
            assertEquals(Outcome.OK, ann.send(conversation, "last", "last").outcome());
            Awaitility.await().atMost(DELIVERED_MAX).until(() -> trace.has(conversation, 2));
            assertEquals(1, trace.resumed("new"), "no connection was cut by what was sent");
            assertFalse(device.lastEventId().contains("forged"));
        }
        var stored = ann.history(conversation);
        assertEquals(2, stored.size());
        assertEquals(text, stored.getFirst().text());
        assertEquals(stored, trace.messages(), "the stream and history say the same, and the stream says nothing else");
    }

    @Test
    void ten_thousand_characters_of_any_plane_arrive_whole() throws Exception {
        var ann = api.signUp("ann");
        var bob = api.signUp("bob");
        var conversation = ann.direct(bob);
        var text = "\ud83d\ude80".repeat(10_000);
        var trace = new History().device("bob's device", bob.id());
        try (var device = Device.connect(bob, trace)) {
            assertEquals(Outcome.OK, ann.send(conversation, "long", text).outcome());
            Awaitility.await().atMost(DELIVERED_MAX).until(() -> trace.has(conversation, 1));
            assertEquals(text, trace.messages().getFirst().text());
            device.awaitCaughtUp(1);
        }
    }

    @Test
    void neither_text_nor_token_nor_password_is_in_any_log() throws Exception {
        var parley = SharedParley.get();
        var ann = api.signUp("ann");
        var conversation = ann.direct(api.signUp("bob"));
        ann.send(conversation, "secret-key-1", "secret text 1");
        api.call("POST", "/v1/conversations/" + conversation + "/messages", ann.token(), "{\"secret field 1\":");
        var signature = ann.token().substring(ann.token().lastIndexOf('.') + 1);
        for (var service : new ServiceProcess[] {parley.sendApi(), parley.stream(), parley.notifier()}) {
            var log = service.log();
            assertTrue(log.contains("\"level\":\"INFO\""), "this log says nothing at all");
            for (var secret : new String[] {"secret text 1", "secret field 1", signature, "correct horse"}) {
                assertFalse(log.contains(secret), () -> "a log contains " + secret);
            }
        }
    }
}
