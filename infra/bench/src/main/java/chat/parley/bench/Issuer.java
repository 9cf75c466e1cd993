package chat.parley.bench;

import chat.parley.json.Json;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;

/**
 * An outside issuer of our own: its tokens make users on first sight, without a password to hash. So ten thousand people cost seconds and
 * not ten thousand times Argon2id.
 */
final class Issuer {
    private static final String NAME = "https://bench.example";
    private static final String AUDIENCE = "parley";

    /** Longer than any run, so that no stream asks for a new proof within one. */
    private static final Duration LIFETIME = Duration.ofHours(2);

    private final ECKey key;
    private final Instant issuedAt;

    Issuer(Instant now) throws JOSEException {
        key = new ECKeyGenerator(Curve.P_256).keyID("bench").generate();
        issuedAt = now;
    }

    /** Writes what PARLEY_ISSUERS wants to name. */
    Path writeIssuersFile(Path folder) throws IOException {
        var keys = folder.resolve("jwks.json");
        Files.writeString(keys, new JWKSet(key.toPublicJWK()).toString());
        var issuers = Json.MAPPER.createArrayNode();
        issuers.addObject().put("issuer", NAME).put("audience", AUDIENCE).put("jwks_file", keys.toString());
        return Files.writeString(folder.resolve("issuers.json"), issuers.toString());
    }

    /** A token of the person with this number. */
    String token(int number) throws JOSEException {
        return token(number, Duration.ZERO);
    }

    /** Another token of that person, which is valid a little longer. */
    String token(int number, Duration later) throws JOSEException {
        var claims = new JWTClaimsSet.Builder()
                .issuer(NAME)
                .audience(AUDIENCE)
                .subject("person-" + number)
                .claim("preferred_username", "bench" + number)
                .claim("name", "Bench " + number)
                .issueTime(Date.from(issuedAt))
                .expirationTime(Date.from(issuedAt.plus(LIFETIME).plus(later)))
                .build();
        var token = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.ES256).keyID(key.getKeyID()).build(), claims);
        token.sign(new ECDSASigner(key));
        return token.serialize();
    }
}
