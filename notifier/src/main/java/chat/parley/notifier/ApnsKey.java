package chat.parley.notifier;

import com.eatthepath.pushy.apns.auth.ApnsSigningKey;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the key that Apple gives out once, as a file {@code AuthKey_….p8}. A new key has a new id, and Apple does not write the id into the file: to replace a key
 * while we work, a line {@code key_id: …} may stand above it, where RFC 7468 allows any text.
 */
final class ApnsKey {
    /** Key ids and team ids alike. */
    static final Pattern ID = Pattern.compile("[A-Z0-9]{10}");

    private static final Pattern PEM =
            Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");
    private static final Pattern ID_LINE = Pattern.compile("(?m)^key_id:[ \\t]*(\\S+)[ \\t]*\\r?$");
    private static final int P256_BITS = 256;

    private ApnsKey() {}

    /**
     * Reads a key.
     *
     * @param keyId unless the text names it itself
     * @throws IllegalArgumentException if that is none; says why, and nothing of what is there
     */
    static ApnsSigningKey of(byte[] content, @Nullable String keyId, String teamId) {
        // A text in an environment variable often has its line ends written out.
        String text = new String(content, StandardCharsets.UTF_8).replace("\\n", "\n");
        var pem = PEM.matcher(text);
        if (!pem.find()) {
            throw new IllegalArgumentException("has no lines from BEGIN PRIVATE KEY to END PRIVATE KEY");
        }
        var line = ID_LINE.matcher(text);
        String id = line.find() ? line.group(1) : keyId;
        if (id == null || !ID.matcher(id).matches()) {
            throw new IllegalArgumentException(
                    "needs a key id of 10 letters and digits: PARLEY_APNS_KEY_ID, or a line \"key_id: …\" above the key");
        }
        try {
            byte[] encoded = Base64.getMimeDecoder().decode(Objects.requireNonNull(pem.group(1)));
            var key = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(encoded));
            if (key instanceof ECPrivateKey ec && ec.getParams().getOrder().bitLength() == P256_BITS) {
                return new ApnsSigningKey(id, teamId, ec);
            }
        } catch (IllegalArgumentException | InvalidKeySpecException | InvalidKeyException e) {
            throw new IllegalArgumentException("has a key that is damaged", e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has elliptic curves", e);
        }
        throw new IllegalArgumentException("has a key of another kind; Apple's are of the curve P-256");
    }
}
