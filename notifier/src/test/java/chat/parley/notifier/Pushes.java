package chat.parley.notifier;

import static java.nio.charset.StandardCharsets.UTF_8;

import chat.parley.event.Cursor;
import chat.parley.id.ConversationId;
import chat.parley.id.DeviceId;
import chat.parley.id.UserId;
import chat.parley.json.JsonText;
import chat.parley.notifier.Push.Alert;
import chat.parley.notifier.Push.Clear;
import chat.parley.notifier.Push.Origin;
import chat.parley.push.Device;
import chat.parley.push.DeviceState;
import chat.parley.push.PushTarget;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/** Pushes as examples. */
final class Pushes {
    static final ConversationId CONVERSATION = new ConversationId(22);

    /** Whole seconds, as vendors count. */
    static final Instant NOW = Instant.ofEpochSecond(1_790_000_000);

    static final Cursor CURSOR = new Cursor(1, 0, 1, "abc123");

    private Pushes() {}

    static Device device(PushTarget target) {
        return new Device(new UserId(11), new DeviceId("phone-1"), target, Locale.ENGLISH, DeviceState.BACKGROUND, NOW);
    }

    static Alert alert(PushTarget target, String body) {
        return alert(target, body, true);
    }

    static Alert alert(PushTarget target, String body, boolean urgent) {
        return new Alert(
                device(target),
                7,
                NOW.plus(Duration.ofHours(1)),
                "Ann",
                body,
                urgent,
                new Origin(CONVERSATION, 5),
                CURSOR);
    }

    /** How many bytes of a payload it takes. */
    static int bytesInJson(String character) {
        boolean isEscaped = character.length() == 1 && (character.charAt(0) < ' ' || "\"\\".contains(character));
        return isEscaped
                ? JsonText.bytes(json -> json.writeString(character)).length - 2
                : character.getBytes(UTF_8).length;
    }

    static Clear clear(PushTarget target) {
        return new Clear(device(target), 3, NOW.plus(Duration.ofHours(1)), CONVERSATION, 9);
    }
}
