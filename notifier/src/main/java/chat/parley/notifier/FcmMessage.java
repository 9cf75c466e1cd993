package chat.parley.notifier;

import chat.parley.json.JsonText;
import chat.parley.notifier.Push.Alert;
import chat.parley.notifier.Push.Clear;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;

/**
 * A push as FCM's HTTP v1 takes it: the body of {@code messages:send}. Fields and limits:
 * {@code firebase.google.com/docs/reference/fcm/rest/v1/projects.messages} and {@code …/rest/v1/ErrorCode}.
 */
final class FcmMessage {
    /**
     * FCM counts names and values of the payload and refuses what has more bytes. We count the whole message but its token, with JSON's quotes and escapes: never
     * less than FCM does.
     */
    static final int BYTES_MAX = 4_096;

    /** The app makes this channel; Android shows nothing of a channel that there is not, and then takes the app's default. */
    private static final String CHANNEL = "messages";

    /** FCM takes 4 weeks at most and refuses more. */
    private static final Duration TTL_MAX = Duration.ofDays(28);

    private FcmMessage() {}

    /** @throws IllegalArgumentException if it does not fit, even with nothing to read in it */
    static byte[] of(Push push, String token, Instant now) {
        int bytesMax = BYTES_MAX + JsonText.bytes(json -> json.writeString(token)).length;
        return switch (push) {
            case Alert alert ->
                Preview.fit(alert, bytesMax, it -> JsonText.bytes(json -> writeAlert(json, it, token, now)));
            case Clear clear -> JsonText.bytes(json -> writeClear(json, clear, token, now));
        };
    }

    private static void writeAlert(JsonGenerator json, Alert alert, String token, Instant now) throws IOException {
        begin(json, token);
        json.writeObjectFieldStart("notification");
        json.writeStringField("title", alert.title());
        json.writeStringField("body", alert.body());
        json.writeEndObject();
        writeData(json, alert);
        json.writeObjectFieldStart("android");
        json.writeStringField("priority", alert.urgent() ? "high" : "normal");
        json.writeStringField("ttl", ttl(alert, now));
        json.writeStringField("collapse_key", alert.collapseKey());
        json.writeObjectFieldStart("notification");
        json.writeStringField("tag", alert.collapseKey());
        json.writeStringField("channel_id", CHANNEL);
        json.writeNumberField("notification_count", Math.clamp(alert.badge(), 0, Integer.MAX_VALUE));
        json.writeEndObject();
        json.writeEndObject();
        end(json);
    }

    /**
     * Nothing to see, so nothing that may take the radio. Without a collapse key: it would replace an alert of the same conversation that the device has
     * not got yet, and FCM keeps four keys a device only, which the alerts need.
     */
    private static void writeClear(JsonGenerator json, Clear clear, String token, Instant now) throws IOException {
        begin(json, token);
        writeData(json, clear);
        json.writeObjectFieldStart("android");
        json.writeStringField("priority", "normal");
        json.writeStringField("ttl", ttl(clear, now));
        json.writeEndObject();
        end(json);
    }

    private static void begin(JsonGenerator json, String token) throws IOException {
        json.enable(JsonGenerator.Feature.COMBINE_UNICODE_SURROGATES_IN_UTF8); // an emoji in 4 bytes instead of 12
        json.writeStartObject();
        json.writeObjectFieldStart("message");
        json.writeStringField("token", token);
    }

    private static void end(JsonGenerator json) throws IOException {
        json.writeEndObject();
        json.writeEndObject();
    }

    /** FCM takes texts only, and refuses the message for a number. */
    private static void writeData(JsonGenerator json, Push push) throws IOException {
        json.writeObjectFieldStart("data");
        for (var field : PushData.of(push).entrySet()) {
            json.writeStringField(field.getKey(), field.getValue().toString());
        }
        json.writeEndObject();
    }

    /** 0: now or never. */
    private static String ttl(Push push, Instant now) {
        return Math.clamp(Duration.between(now, push.expiresAt()).toSeconds(), 0, TTL_MAX.toSeconds()) + "s";
    }
}
