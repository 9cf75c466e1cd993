package chat.parley.account;

import chat.parley.ops.Secret;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;

/** Random secrets that say nothing about what they open. Stored as SHA-256 only: they have too many bits to be guessed from it. */
public final class OpaqueSecrets {
    private static final int BYTES = 32;
    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

    private final SecureRandom random;

    /** @param random whose numbers nobody can guess */
    public OpaqueSecrets(SecureRandom random) {
        this.random = random;
    }

    /** 43 characters of base64url. */
    public Secret fresh() {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        return new Secret(BASE64.encodeToString(bytes));
    }

    /** What is stored in place of the secret. */
    public static byte[] hash(String secret) {
        return sha256().digest(secret.getBytes(StandardCharsets.UTF_8));
    }

    /** {@link #hash} in a form that maps can use as a key: a dump of a cache then shows no secret. */
    static ByteBuffer fingerprint(String secret) {
        return ByteBuffer.wrap(hash(secret)).asReadOnlyBuffer();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
