package chat.parley.push;

import chat.parley.net.PublicAddresses;
import chat.parley.ops.Settings;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.util.Base64URL;
import java.net.InetAddress;
import java.net.URI;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Which subscriptions of the Push API may be registered: the endpoint is an address that a stranger names and our notifier calls. Names are not resolved here; the
 * notifier looks at the very address that it connects to.
 *
 * @param mayBePrivate endpoints may lie in private networks and need no TLS: push services of one's own, tests
 */
public record SubscriptionRules(boolean mayBePrivate) {
    /** Those of browsers take some 200; longer ones would not fit where addresses are commonly kept. */
    private static final int ENDPOINT_MAX = 2_048;

    /** RFC 8291, 3.2. */
    private static final int AUTH_BYTES = 16;

    /** One byte that says "uncompressed", and two coordinates. */
    private static final int POINT_BYTES = 65;

    private static final byte UNCOMPRESSED = 4;

    /** Reads {@code PARLEY_WEB_PUSH_PRIVATE}: the same for the process that registers and the one that sends. */
    public static SubscriptionRules from(Settings settings) {
        return new SubscriptionRules(settings.flag("PARLEY_WEB_PUSH_PRIVATE", false));
    }

    /** What is wrong with {@code subscription}, in words that may be shown to whoever registers it; null: nothing. */
    public @Nullable String complaint(PushTarget.WebPush subscription) {
        String ofEndpoint = complaint(subscription.endpoint());
        if (ofEndpoint != null) {
            return ofEndpoint;
        }
        if (!isPoint(subscription.p256dh())) {
            return "p256dh must be an uncompressed point of P-256 in base64url";
        }
        byte[] auth = decoded(subscription.auth());
        return auth != null && auth.length == AUTH_BYTES ? null : "auth must be 16 bytes in base64url";
    }

    /** What is wrong with {@code endpoint}; null: nothing that can be seen without connecting. */
    public @Nullable String complaint(URI endpoint) {
        String host = endpoint.getHost();
        if (host == null || endpoint.getRawUserInfo() != null || endpoint.getRawFragment() != null) {
            return "endpoint must be an address without user and fragment";
        }
        if (endpoint.toString().length() > ENDPOINT_MAX) {
            return "endpoint must have at most " + ENDPOINT_MAX + " characters";
        }
        boolean isHttps = "https".equalsIgnoreCase(endpoint.getScheme());
        boolean isHttp = "http".equalsIgnoreCase(endpoint.getScheme());
        if (!isHttps && !(isHttp && mayBePrivate)) {
            return "endpoint must begin with https://";
        }
        return mayBePrivate || !isPlainlyPrivate(host) ? null : "endpoint must be a public address";
    }

    private static boolean isPlainlyPrivate(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        if (name.matches("(.*\\.)?localhost\\.?")) {
            return true;
        }
        try {
            return !PublicAddresses.isPublic(InetAddress.ofLiteral(name));
        } catch (IllegalArgumentException e) {
            return name.startsWith("["); // with a network interface of this machine; else it is a name
        }
    }

    private static boolean isPoint(String base64) {
        byte[] point = decoded(base64);
        if (point == null || point.length != POINT_BYTES || point[0] != UNCOMPRESSED) {
            return false;
        }
        int half = 1 + POINT_BYTES / 2;
        try {
            // Looks whether it lies on the curve; one that does not would betray the sender's key.
            new ECKey.Builder(
                            Curve.P_256,
                            Base64URL.encode(Arrays.copyOfRange(point, 1, half)),
                            Base64URL.encode(Arrays.copyOfRange(point, half, POINT_BYTES)))
                    .build();
            return true;
        } catch (IllegalStateException | IllegalArgumentException e) {
            return false;
        }
    }

    private static byte @Nullable [] decoded(String base64) {
        try {
            return Base64.getUrlDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
