package chat.parley.account;

import chat.parley.ops.StoreUnavailable;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.crypto.Ed25519Verifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.RateLimitReachedException;
import com.nimbusds.jose.proc.SecurityContext;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * An outside issuer whose tokens are taken.
 *
 * @param name the {@code iss} of its tokens
 * @param audience what their {@code aud} must hold
 * @param keys its public keys
 */
record Issuer(String name, String audience, JWKSource<SecurityContext> keys) {
    private static final Set<JWSAlgorithm> ALGORITHMS =
            Set.of(JWSAlgorithm.RS256, JWSAlgorithm.ES256, JWSAlgorithm.EdDSA, JWSAlgorithm.Ed25519);

    /** RFC 7518, 3.3: shorter ones must not be used. */
    private static final int RSA_BITS_MIN = 2048;

    /** A token without a key id is tried with this many keys; an issuer that has more is to name them. */
    private static final int TRIES_MAX = 5;

    /** Whether one of the issuer's keys signed {@code token}. */
    boolean signed(ReadToken token) {
        var header = token.header();
        if (!ALGORITHMS.contains(header.getAlgorithm())) {
            return false;
        }
        return candidates(header).stream()
                .limit(TRIES_MAX)
                .map(Issuer::verifier)
                .flatMap(Optional::stream)
                .anyMatch(token::isSignedBy);
    }

    /** Keys of the kind that the algorithm wants; so an RSA key never serves as a shared secret, whatever the header says. */
    private List<JWK> candidates(JWSHeader header) {
        try {
            return keys.get(new JWKSelector(JWKMatcher.forJWSHeader(header)), null);
        } catch (RateLimitReachedException e) {
            return List.of(); // an unknown key id, asked for again and again
        } catch (KeySourceException e) {
            throw new StoreUnavailable("issuer_keys", e);
        }
    }

    /** What verifies by {@code key}; empty if the key is of no kind that is taken. */
    static Optional<JWSVerifier> verifier(JWK key) {
        try {
            if (key instanceof RSAKey rsa && rsa.size() >= RSA_BITS_MIN) {
                return Optional.of(new RSASSAVerifier(rsa));
            }
            if (key instanceof ECKey curve) {
                return Optional.of(Es256.verifier(curve));
            }
            if (key instanceof OctetKeyPair pair) {
                return Optional.of(new Ed25519Verifier(pair.toPublicJWK()));
            }
            return Optional.empty();
        } catch (JOSEException e) {
            return Optional.empty();
        }
    }
}
