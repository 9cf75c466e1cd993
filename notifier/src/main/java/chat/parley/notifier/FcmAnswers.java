package chat.parley.notifier;

import chat.parley.json.Json;
import chat.parley.notifier.PushResult.Accepted;
import chat.parley.notifier.PushResult.Gone;
import chat.parley.notifier.PushResult.Postponed;
import chat.parley.notifier.PushResult.Refused;
import chat.parley.notifier.PushResult.Unavailable;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What FCM's answers lead to. The codes: {@code firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode}; answers of other shapes come from proxies and from
 * Google's front ends and are judged by their status. A device is given up only on words that FCM itself says of its token.
 */
final class FcmAnswers {
    /** What FCM asks for where a 429 does not say: its quota is refilled every minute. */
    static final Duration QUOTA_PAUSE = Duration.ofSeconds(60);

    private static final int OK = 200;
    private static final int BAD_REQUEST = 400;
    static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int REQUEST_TIMEOUT = 408;
    private static final int TOO_LARGE = 413;
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int INTERNAL = 500;

    private FcmAnswers() {}

    /** Never throws, whatever {@code body} is. */
    static PushResult result(int status, @Nullable String retryAfter, byte[] body, Instant now) {
        if (status == OK) {
            return new Accepted();
        }
        var error = error(body);
        var wait = RetryAfter.of(retryAfter, now);
        return switch (code(error)) {
            case "UNREGISTERED" -> new Gone(null);
            // The token belongs to another project's app, or our credentials do: who puts the wrong file in place must
            // not
            // lose every device by it, and who registers a foreign token must not make the credentials look bad.
            case "SENDER_ID_MISMATCH" -> new Refused(Reasons.TOPIC);
            case "INVALID_ARGUMENT" -> invalid(error);
            case "QUOTA_EXCEEDED" -> tooMany(error, wait);
            case "UNAVAILABLE", "INTERNAL" -> new Unavailable(wait, Reasons.FAILING);
            // Firebase has no credentials, or bad ones, for the service behind it, Apple's or a browser's. Android is
            // well.
            case "THIRD_PARTY_AUTH_ERROR" -> new Postponed(wait, Reasons.THIRD_PARTY);
            default -> byStatus(status, error, wait);
        };
    }

    /** Whether another access token may help. */
    static boolean isTokenRefused(int status, byte[] body) {
        return status == UNAUTHORIZED && !code(error(body)).equals("THIRD_PARTY_AUTH_ERROR");
    }

    private static PushResult byStatus(int status, JsonNode error, @Nullable Duration wait) {
        if (status >= INTERNAL || status == REQUEST_TIMEOUT) {
            return new Unavailable(wait, Reasons.FAILING);
        }
        return switch (status) {
            case UNAUTHORIZED, FORBIDDEN -> new Unavailable(wait, Reasons.CREDENTIALS);
            // Not FCM's word on the token: a wrong address or project must not cost every device.
            case NOT_FOUND -> new Unavailable(wait, Reasons.ADDRESS);
            case TOO_MANY_REQUESTS -> tooMany(error, wait);
            case TOO_LARGE -> new Refused(Reasons.TOO_LARGE);
            case BAD_REQUEST -> invalid(error);
            // FCM sends nobody elsewhere, and answers nothing below 200.
            default -> status < BAD_REQUEST ? new Unavailable(wait, Reasons.ADDRESS) : new Refused(Reasons.UNEXPECTED);
        };
    }

    /**
     * The same code stands for a bad token and for a bad message. A token is named by the field, or, where no field is named, by FCM's sentence: that is how its
     * own example of an invalid token looks.
     */
    private static PushResult invalid(JsonNode error) {
        boolean named = false;
        for (var detail : error.path("details")) {
            for (var violation : detail.path("fieldViolations")) {
                named = true;
                if (violation.path("field").asText().equals("message.token")) {
                    return new Gone(null);
                }
            }
        }
        boolean ofToken = error.path("message").asText().contains("not a valid FCM registration token");
        return !named && ofToken ? new Gone(null) : new Refused(Reasons.INVALID);
    }

    /** One device may be sent 240 pushes a minute; whose limit it is stands in the details, if anywhere. */
    private static PushResult tooMany(JsonNode error, @Nullable Duration wait) {
        boolean ofDevice = false;
        for (var detail : error.path("details")) {
            for (var violation : detail.path("violations")) {
                String whose = violation.path("subject").asText()
                        + violation.path("description").asText();
                ofDevice |= whose.toLowerCase(Locale.ROOT).contains("device");
            }
        }
        var pause = wait == null ? QUOTA_PAUSE : wait;
        return ofDevice ? new Postponed(pause, Reasons.DEVICE_QUOTA) : new Unavailable(pause, Reasons.QUOTA);
    }

    private static String code(JsonNode error) {
        for (var detail : error.path("details")) {
            String code = detail.path("errorCode").asText();
            if (!code.isEmpty()) {
                return code;
            }
        }
        return "";
    }

    private static JsonNode error(byte[] body) {
        try {
            var tree = Json.MAPPER.readTree(body);
            return tree == null ? MissingNode.getInstance() : tree.path("error");
        } catch (IOException e) {
            return MissingNode.getInstance(); // a proxy's page
        }
    }
}
