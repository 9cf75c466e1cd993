package chat.parley.notifier;

import chat.parley.json.JsonText;
import chat.parley.notifier.Push.Alert;
import chat.parley.notifier.Push.Clear;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/**
 * What an iPhone gets. Fields: Apple's pages "Generating a remote notification" and "Pushing background updates to your App", at
 * {@code developer.apple.com/documentation/usernotifications}.
 */
final class ApnsPayload {
    /** APNs refuses more with 413. */
    static final int BYTES_MAX = 4_096;

    /** Apple gives the key {@code aps} its meaning and leaves all others to apps. */
    private static final String OURS = "parley";

    private ApnsPayload() {}

    /** @throws IllegalArgumentException if it does not fit, even with nothing to read in it */
    static byte[] of(Push push) {
        return switch (push) {
            case Alert alert -> Preview.fit(alert, BYTES_MAX, it -> JsonText.bytes(json -> writeAlert(json, it)));
            case Clear clear -> JsonText.bytes(json -> writeClear(json, clear));
        };
    }

    private static void writeAlert(JsonGenerator json, Alert alert) throws IOException {
        json.enable(JsonGenerator.Feature.COMBINE_UNICODE_SURROGATES_IN_UTF8); // an emoji in 4 bytes instead of 12
        json.writeStartObject();
        json.writeObjectFieldStart("aps");
        json.writeObjectFieldStart("alert");
        json.writeStringField("title", alert.title());
        json.writeStringField("body", alert.body());
        json.writeEndObject();
        json.writeNumberField("badge", alert.badge());
        json.writeStringField("sound", "default");
        json.writeStringField("thread-id", alert.collapseKey());
        // The app may look at it before it is shown, and fetch a picture.
        json.writeNumberField("mutable-content", 1);
        json.writeEndObject();
        writeData(json, alert);
        json.writeEndObject();
    }

    /** A background push must have nothing in {@code aps} that the person would notice, and a badge is such a thing: it is in our own part. */
    private static void writeClear(JsonGenerator json, Clear clear) throws IOException {
        json.writeStartObject();
        json.writeObjectFieldStart("aps");
        json.writeNumberField("content-available", 1);
        json.writeEndObject();
        writeData(json, clear);
        json.writeEndObject();
    }

    private static void writeData(JsonGenerator json, Push push) throws IOException {
        json.writeObjectFieldStart(OURS);
        for (var field : PushData.of(push).entrySet()) {
            if (field.getValue() instanceof Long number) {
                json.writeNumberField(field.getKey(), number);
            } else {
                json.writeStringField(field.getKey(), field.getValue().toString());
            }
        }
        json.writeEndObject();
    }
}
