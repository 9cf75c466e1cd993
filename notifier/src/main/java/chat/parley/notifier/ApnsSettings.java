package chat.parley.notifier;

import chat.parley.ops.Secret;
import chat.parley.ops.Settings;
import chat.parley.push.Vendor;
import com.eatthepath.pushy.apns.auth.ApnsSigningKey;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How APNs is reached. Exactly one of the first two is there.
 *
 * @param file with Apple's key; looked at again and again, so that it can be replaced
 * @param key the same as text
 * @param keyId null where the key's text names it
 * @param address of what stands in the place of Apple's servers; null for those
 * @param caFile certificates to trust there; null for those that the JVM trusts
 */
public record ApnsSettings(
        @Nullable Path file,
        @Nullable Secret key,
        @Nullable String keyId,
        String teamId,
        @Nullable URI address,
        @Nullable Path caFile) {
    private static final String FILE = "PARLEY_APNS_KEY_FILE";
    private static final String KEY = "PARLEY_APNS_KEY";
    private static final String KEY_ID = "PARLEY_APNS_KEY_ID";
    private static final String TEAM_ID = "PARLEY_APNS_TEAM_ID";
    private static final String ADDRESS = "PARLEY_APNS_URL";
    private static final String CA_FILE = "PARLEY_APNS_CA_FILE";

    /**
     * Reads and checks them, the key too; null where APNs is not set up.
     *
     * @throws IllegalArgumentException for anything that would not work; says what, and shows no secret
     */
    public static @Nullable ApnsSettings from(Settings settings) {
        var file = settings.pathOrNull(FILE);
        var key = settings.secretOrNull(KEY);
        String keyId = settings.textOrNull(KEY_ID);
        String teamId = settings.textOrNull(TEAM_ID);
        var address = address(settings.textOrNull(ADDRESS));
        var caFile = settings.pathOrNull(CA_FILE);
        if (file == null && key == null) {
            if (keyId != null || teamId != null) {
                throw new IllegalArgumentException((keyId == null ? TEAM_ID : KEY_ID) + " is set, and neither " + FILE
                        + " nor " + KEY + "; APNs needs all or none");
            }
            return null;
        }
        if (file != null && key != null) {
            throw new IllegalArgumentException(FILE + " and " + KEY + " are both set; set one of them");
        }
        if (teamId == null || !ApnsKey.ID.matcher(teamId).matches()) {
            throw new IllegalArgumentException(TEAM_ID + (teamId == null ? " is not set" : " is no team id")
                    + "; APNs needs it beside the key, 10 letters and digits");
        }
        var read = new ApnsSettings(file, key, keyId, teamId, address, caFile);
        read.signingKey();
        read.servers();
        return read;
    }

    /** Nothing is connected before the first push. */
    PushSender open(MeterRegistry meters) {
        var servers = servers();
        if (file == null) {
            return new ApnsSender(signingKey(), servers);
        }
        return ReloadedSender.open(
                Vendor.APNS, file, content -> new ApnsSender(ApnsKey.of(content, keyId, teamId), servers), meters);
    }

    private ApnsSigningKey signingKey() {
        try {
            byte[] content = key == null
                    ? CredentialFile.read(Objects.requireNonNull(file, "one of the two is there"))
                    : key.reveal().getBytes(StandardCharsets.UTF_8);
            return ApnsKey.of(content, keyId, teamId);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException((key == null ? FILE + ": " + file : KEY) + " " + e.getMessage(), e);
        }
    }

    private ApnsServers servers() {
        if (caFile == null) {
            return new ApnsServers(address, List.of());
        }
        try {
            return new ApnsServers(address, ApnsServers.certificates(CredentialFile.read(caFile)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(CA_FILE + ": " + caFile + " " + e.getMessage(), e);
        }
    }

    private static @Nullable URI address(@Nullable String text) {
        if (text == null) {
            return null;
        }
        URI address;
        try {
            address = URI.create(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(ADDRESS + " is not an address", e);
        }
        if (!"https".equals(address.getScheme())
                || address.getHost() == null
                || address.getRawPath().length() > 1) {
            throw new IllegalArgumentException(ADDRESS + " is not an address like https://apns.example:443");
        }
        return address;
    }
}
