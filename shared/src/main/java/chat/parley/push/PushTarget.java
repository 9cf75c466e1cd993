package chat.parley.push;

import java.net.URI;
import java.util.Locale;

/** What a vendor needs to find a device. Checked when it is registered, secret from then on: whoever has it can wake the device. */
public sealed interface PushTarget {
    /** Who carries to it. */
    Vendor vendor();

    /** The vendor's own name of it: no two devices share one. */
    String address();

    /** @param token the registration token, 1 to 4,096 characters */
    record Fcm(String token) implements PushTarget {
        @Override
        public Vendor vendor() {
            return Vendor.FCM;
        }

        @Override
        public String address() {
            return token;
        }

        /** Without the token. */
        @Override
        public String toString() {
            return "an FCM token";
        }
    }

    /**
     * @param token the device token, hexadecimal
     * @param topic the app's bundle id
     */
    record Apns(String token, ApnsEnvironment environment, String topic) implements PushTarget {
        @Override
        public Vendor vendor() {
            return Vendor.APNS;
        }

        @Override
        public String address() {
            return token + " " + topic;
        }

        /** Without the token. */
        @Override
        public String toString() {
            return "an APNs token of " + topic + ", " + environment;
        }
    }

    /** Which of Apple's two worlds a token is from; it means nothing in the other one. */
    enum ApnsEnvironment {
        /** Apps from the store and TestFlight. */
        PRODUCTION,
        /** Apps from a developer's machine. */
        SANDBOX;

        /** As it stands in JSON. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A subscription of the Push API.
     *
     * @param endpoint an https address that the client names: to be called with care
     * @param p256dh the browser's public key, an uncompressed point of P-256, 65 bytes in base64url
     * @param auth the browser's secret, 16 bytes in base64url
     */
    record WebPush(URI endpoint, String p256dh, String auth) implements PushTarget {
        @Override
        public Vendor vendor() {
            return Vendor.WEB_PUSH;
        }

        @Override
        public String address() {
            return endpoint.toString();
        }

        /** Without the path, which is the secret. */
        @Override
        public String toString() {
            return "a subscription at " + endpoint.getHost();
        }
    }
}
