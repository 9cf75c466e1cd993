package chat.parley.push;

import static java.nio.charset.StandardCharsets.UTF_8;

import chat.parley.json.Json;
import chat.parley.json.JsonText;
import chat.parley.push.PushTarget.Apns;
import chat.parley.push.PushTarget.ApnsEnvironment;
import chat.parley.push.PushTarget.Fcm;
import chat.parley.push.PushTarget.WebPush;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;

/** A target as it stands in the database. */
final class PushTargetJson {
    private PushTargetJson() {}

    static String text(PushTarget target) {
        byte[] json = JsonText.bytes(out -> {
            out.writeStartObject();
            switch (target) {
                case Fcm fcm -> out.writeStringField("token", fcm.token());
                case Apns apns -> {
                    out.writeStringField("token", apns.token());
                    out.writeStringField("environment", apns.environment().text());
                    out.writeStringField("topic", apns.topic());
                }
                case WebPush web -> {
                    out.writeStringField("endpoint", web.endpoint().toString());
                    out.writeStringField("p256dh", web.p256dh());
                    out.writeStringField("auth", web.auth());
                }
            }
            out.writeEndObject();
        });
        return new String(json, UTF_8);
    }

    /** @throws IllegalArgumentException if {@code text} was not written by {@link #text} */
    static PushTarget read(Vendor vendor, String text) {
        JsonNode json;
        try {
            json = Json.MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            // Without the cause, which quotes the text, a secret.
            throw new IllegalArgumentException("a stored push target is not JSON");
        }
        return switch (vendor) {
            case FCM -> new Fcm(field(json, "token"));
            case APNS ->
                new Apns(
                        field(json, "token"),
                        ApnsEnvironment.valueOf(field(json, "environment").toUpperCase(Locale.ROOT)),
                        field(json, "topic"));
            case WEB_PUSH ->
                new WebPush(URI.create(field(json, "endpoint")), field(json, "p256dh"), field(json, "auth"));
        };
    }

    /** By what two devices with one target are found: SHA-256 of the vendor and its address. */
    static byte[] hash(PushTarget target) {
        try {
            var sha256 = MessageDigest.getInstance("SHA-256");
            return sha256.digest((target.vendor().text() + " " + target.address()).getBytes(UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static String field(JsonNode json, String name) {
        var value = json.get(name);
        if (value == null || !value.isTextual()) {
            throw new IllegalArgumentException("a stored push target has no " + name);
        }
        return value.textValue();
    }
}
