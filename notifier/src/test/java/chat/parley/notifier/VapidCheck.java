package chat.parley.notifier;

import static java.nio.charset.StandardCharsets.US_ASCII;

import chat.parley.json.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a push service asks of the header {@code Authorization} (RFC 8292), by the JDK alone. */
final class VapidCheck {
    private static final Pattern HEADER = Pattern.compile("vapid t=([\\w-]+)\\.([\\w-]+)\\.([\\w-]+), ?k=([\\w-]+)");
    private static final Duration LIFE_MAX = Duration.ofHours(24);

    private VapidCheck() {}

    /**
     * Who sent it.
     *
     * @param subject null where it was not told
     */
    record Sender(
            String publicKey,
            String token,
            Instant expiresAt,
            @Nullable String subject) {}

    /** @throws GeneralSecurityException with the reason why it proves nothing */
    static Sender check(@Nullable String authorization, String origin, Instant now) throws GeneralSecurityException {
        var parts = HEADER.matcher(String.valueOf(authorization));
        if (!parts.matches()) {
            throw new GeneralSecurityException("not of the form: " + authorization);
        }
        String signed = parts.group(1) + "." + parts.group(2);
        var signature = Signature.getInstance("SHA256withECDSAinP1363Format");
        signature.initVerify(PushDecryption.publicKey(decode(parts.group(4))));
        signature.update(signed.getBytes(US_ASCII));
        if (!signature.verify(decode(parts.group(3)))) {
            throw new GeneralSecurityException("signed by another key");
        }
        var header = json(parts.group(1));
        var claims = json(parts.group(2));
        if (!header.path("alg").asText().equals("ES256")) {
            throw new GeneralSecurityException("alg " + header.path("alg"));
        }
        if (!claims.path("aud").asText().equals(origin)) {
            throw new GeneralSecurityException("aud " + claims.path("aud") + " at " + origin);
        }
        var expiresAt = Instant.ofEpochSecond(claims.path("exp").asLong());
        if (!expiresAt.isAfter(now) || expiresAt.isAfter(now.plus(LIFE_MAX))) {
            throw new GeneralSecurityException("exp " + expiresAt + " at " + now);
        }
        String subject = claims.has("sub") ? claims.path("sub").asText() : null;
        if (subject != null
                && !subject.startsWith("mailto:")
                && URI.create(subject).getHost() == null) {
            throw new GeneralSecurityException("sub " + subject);
        }
        return new Sender(String.valueOf(parts.group(4)), signed, expiresAt, subject);
    }

    private static JsonNode json(@Nullable String base64) throws GeneralSecurityException {
        try {
            return Json.MAPPER.readTree(decode(base64));
        } catch (IOException e) {
            throw new GeneralSecurityException("not JSON", e);
        }
    }

    private static byte[] decode(@Nullable String base64) {
        return Base64.getUrlDecoder().decode(String.valueOf(base64));
    }
}
