package chat.parley.account;

import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import chat.parley.ops.Secret;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.Optional;

/** Our own access tokens: short JWTs after RFC 9068, signed with ES256. Safe for use by many threads. */
public final class AccessTokens {
    /** How long a token is good for. Short, because a leaked one works until then or until its session ends. */
    public static final Duration LIFE = Duration.ofMinutes(15);

    /** Issuer and audience alike: a name and not an address, so that all nodes agree without a setting. */
    static final String ISSUER = "parley";

    private static final String SESSION_CLAIM = "sid";
    private static final JOSEObjectType TYPE = new JOSEObjectType("at+jwt");

    private final SigningKeys keys;
    private final InstantSource clock;
    private final OpaqueSecrets secrets;

    AccessTokens(SigningKeys keys, InstantSource clock, OpaqueSecrets secrets) {
        this.keys = keys;
        this.clock = clock;
        this.secrets = secrets;
    }

    /** A token for {@code user} in {@code session}, good for {@link #LIFE}. */
    public Secret issue(UserId user, SessionId session) {
        Instant now = clock.instant();
        var signer = keys.signer();
        var jwt = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.ES256)
                        .type(TYPE)
                        .keyID(signer.keyId())
                        .build(),
                new JWTClaimsSet.Builder()
                        .issuer(ISSUER)
                        .audience(ISSUER)
                        .subject(user.toString())
                        .issueTime(Date.from(now))
                        .expirationTime(Date.from(now.plus(LIFE)))
                        .jwtID(secrets.fresh().reveal())
                        .claim(SESSION_CLAIM, session.toString())
                        .build());
        try {
            jwt.sign(signer.signer());
        } catch (JOSEException e) {
            throw new IllegalStateException("our own key does not sign", e);
        }
        return new Secret(jwt.serialize());
    }

    /** The public keys as a JWK set (RFC 7517), for whoever wants to verify our tokens. */
    public String jwks() {
        return keys.publicJson();
    }

    /** Whom {@code token} speaks for; empty if it is not ours or not in force. Says nothing about the session. */
    Optional<VerifiedToken> verify(ReadToken token) {
        var header = token.header();
        String keyId = header.getKeyID();
        // Type and algorithm are ours to choose, so nothing else is looked at twice.
        if (!TYPE.equals(header.getType())
                || !JWSAlgorithm.ES256.equals(header.getAlgorithm())
                || keyId == null
                || !token.isFor(ISSUER, clock.instant())
                || token.claims().getIssueTime() == null) {
            return Optional.empty();
        }
        return keys.verifier(keyId).filter(token::isSignedBy).flatMap(verifier -> verified(token.claims()));
    }

    private static Optional<VerifiedToken> verified(JWTClaimsSet claims) {
        try {
            String session = claims.getStringClaim(SESSION_CLAIM);
            return session == null
                    ? Optional.empty()
                    : Optional.of(new VerifiedToken(
                            UserId.parse(claims.getSubject()),
                            SessionId.parse(session),
                            claims.getExpirationTime().toInstant()));
        } catch (ParseException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
