package chat.parley.notifier;

import chat.parley.ops.Secret;
import chat.parley.ops.Settings;
import chat.parley.push.Vendor;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How FCM is reached. Exactly one of the first two is there.
 *
 * @param file a service account as Google's console writes it; looked at again and again, so that it can be replaced
 * @param json the same as text
 * @param address of FCM
 */
public record FcmSettings(@Nullable Path file, @Nullable Secret json, URI address) {
    private static final String FILE = "PARLEY_FCM_CREDENTIALS_FILE";
    private static final String JSON = "PARLEY_FCM_CREDENTIALS";
    private static final String ADDRESS = "PARLEY_FCM_URL";

    /**
     * Reads and checks them, the credentials too; null where FCM is not set up.
     *
     * @throws IllegalArgumentException for anything that would not work; says what, and shows no secret
     */
    public static @Nullable FcmSettings from(Settings settings) {
        var file = settings.pathOrNull(FILE);
        var json = settings.secretOrNull(JSON);
        var address = address(settings.text(ADDRESS, "https://fcm.googleapis.com"));
        if (file == null && json == null) {
            return null;
        }
        if (file != null && json != null) {
            throw new IllegalArgumentException(FILE + " and " + JSON + " are both set; set one of them");
        }
        var read = new FcmSettings(file, json, address);
        read.key();
        return read;
    }

    /** Nothing is connected before the first push. */
    PushSender open(InstantSource clock, MeterRegistry meters) {
        if (file == null) {
            return new FcmSender(key(), address, clock);
        }
        return ReloadedSender.open(
                Vendor.FCM, file, content -> new FcmSender(FcmKey.of(content), address, clock), meters);
    }

    private FcmKey key() {
        try {
            byte[] content = json == null
                    ? CredentialFile.read(Objects.requireNonNull(file, "one of the two is there"))
                    : json.reveal().getBytes(StandardCharsets.UTF_8);
            return FcmKey.of(content);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException((json == null ? FILE + ": " + file : JSON) + " " + e.getMessage(), e);
        }
    }

    private static URI address(String text) {
        URI address;
        try {
            address = URI.create(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(ADDRESS + " is not an address", e);
        }
        boolean isWeb = "https".equals(address.getScheme()) || "http".equals(address.getScheme());
        if (!isWeb || address.getHost() == null || address.getRawPath().length() > 1) {
            throw new IllegalArgumentException(ADDRESS + " is not an address like https://fcm.googleapis.com");
        }
        return address;
    }
}
