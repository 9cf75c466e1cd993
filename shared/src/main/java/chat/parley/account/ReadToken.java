package chat.parley.account;

import chat.parley.json.Json;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A signed token that was read but not believed yet. Reading is stricter than the library's: no duplicate names, nothing after the value, and no
 * header that names a key or an address, so that nobody can ever come to follow one.
 */
record ReadToken(SignedJWT jwt, JWSHeader header, JWTClaimsSet claims) {
    /** Tokens of large identity providers, with groups inside, stay below; a request's headers are limited to 8 KB as well. */
    private static final int CHARS_MAX = 8 * 1024;

    /** Clocks of different machines differ; by more than this, a token "from the future" is not an accident. */
    private static final Duration CLOCK_DIFFERENCE_MAX = Duration.ofSeconds(30);

    /** Longest subject taken, as OpenID Connect Core 1.0 limits it (section 2). */
    private static final int SUBJECT_CHARS_MAX = 255;

    /** "Use this key", "fetch that key", and "understand this or refuse": we understand no extension. */
    private static final Set<String> HEADERS_REFUSED = Set.of("jku", "jwk", "x5u", "x5c", "crit", "b64", "zip");

    /** Empty if {@code text} is no token that could be believed, whoever signed it. */
    static Optional<ReadToken> read(String text) {
        if (text.length() > CHARS_MAX) {
            return Optional.empty();
        }
        String[] parts = text.split("\\.", -1);
        if (parts.length != 3) {
            return Optional.empty();
        }
        try {
            JsonNode header = strict(parts[0]);
            JsonNode claims = strict(parts[1]);
            if (!header.isObject() || !claims.isObject()) {
                return Optional.empty();
            }
            for (String refused : HEADERS_REFUSED) {
                if (header.has(refused)) {
                    return Optional.empty();
                }
            }
            var jwt = SignedJWT.parse(text); // refuses "alg":"none" and encrypted tokens
            return Optional.of(new ReadToken(jwt, jwt.getHeader(), jwt.getJWTClaimsSet()));
        } catch (IOException | ParseException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** The {@code iss} claim. */
    @Nullable
    String issuer() {
        return claims.getIssuer();
    }

    /** Whether {@code verifier} finds the signature to be its key's. */
    boolean isSignedBy(JWSVerifier verifier) {
        try {
            return jwt.verify(verifier);
        } catch (JOSEException | IllegalStateException e) {
            return false; // an algorithm that is not the key's, or a signature that is none
        }
    }

    /** Whether this is a token about someone, for {@code audience}, in force at {@code now}. */
    boolean isFor(String audience, Instant now) {
        String subject = claims.getSubject();
        Date expires = claims.getExpirationTime();
        return subject != null
                && !subject.isEmpty()
                && subject.length() <= SUBJECT_CHARS_MAX
                && subject.indexOf('\0') < 0
                && claims.getAudience().contains(audience)
                && expires != null
                && now.isBefore(expires.toInstant())
                && isPast(claims.getIssueTime(), now)
                && isPast(claims.getNotBeforeTime(), now);
    }

    private static boolean isPast(@Nullable Date moment, Instant now) {
        return moment == null || !moment.toInstant().isAfter(now.plus(CLOCK_DIFFERENCE_MAX));
    }

    private static JsonNode strict(String base64) throws JacksonException, IOException {
        return Json.MAPPER.readTree(Base64.getUrlDecoder().decode(base64));
    }
}
