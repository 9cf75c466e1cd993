package chat.parley.notifier;

import chat.parley.notifier.PushResult.Gone;
import chat.parley.notifier.PushResult.Postponed;
import chat.parley.notifier.PushResult.Refused;
import chat.parley.notifier.PushResult.Unavailable;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What APNs' refusals lead to. The reasons: Apple's page "Handling notification responses from APNs". */
final class ApnsAnswers {
    /** A provider token may be renewed once in that time; Apple refuses what comes earlier. */
    static final Duration PROVIDER_TOKEN_PAUSE = Duration.ofMinutes(20);

    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int GONE = 410;
    private static final int TOO_LARGE = 413;
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int INTERNAL = 500;

    private ApnsAnswers() {}

    /**
     * @param reason as Apple names it; null where it does not
     * @param since from when on the device is gone; null where Apple does not tell
     */
    static PushResult refusal(int status, @Nullable String reason, @Nullable Instant since) {
        return switch (reason == null ? "" : reason) {
            case "Unregistered", "ExpiredToken" -> new Gone(since);
            // Token, environment and topic come from the device, in one registration. If they do not fit each other,
            // they never will; the app registers again
            // whenever it starts.
            case "BadDeviceToken", "DeviceTokenNotForTopic", "MissingDeviceToken" -> new Gone(null);
            // The device named an app that our key may not send to, or a world that it is not for. Anybody can register
            // that: it is no reason to doubt the key.
            case "TopicDisallowed", "BadTopic", "MissingTopic", "BadEnvironmentKeyIdInToken" ->
                new Refused(Reasons.TOPIC);
            case "TooManyRequests" -> new Postponed(null, Reasons.DEVICE_QUOTA);
            case "TooManyProviderTokenUpdates" -> new Unavailable(PROVIDER_TOKEN_PAUSE, Reasons.QUOTA);
            case "PayloadTooLarge" -> new Refused(Reasons.TOO_LARGE);
            // The connection's end, not the push's.
            case "IdleTimeout" -> new Unavailable(null, Reasons.FAILING);
            default -> byStatus(status, since);
        };
    }

    private static PushResult byStatus(int status, @Nullable Instant since) {
        if (status >= INTERNAL) {
            return new Unavailable(null, Reasons.FAILING);
        }
        return switch (status) {
            case FORBIDDEN -> new Unavailable(null, Reasons.CREDENTIALS);
            case NOT_FOUND -> new Unavailable(null, Reasons.ADDRESS);
            case GONE -> new Gone(since);
            case TOO_LARGE -> new Refused(Reasons.TOO_LARGE);
            case TOO_MANY_REQUESTS -> new Unavailable(null, Reasons.QUOTA);
            default -> new Refused(Reasons.INVALID);
        };
    }
}
