package chat.parley.account;

import chat.parley.id.UserId;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jwt.JWTClaimsSet;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Tokens of the issuers in the issuers file. A subject seen for the first time becomes a user. Safe for use by many threads. */
final class OutsideIssuers {
    /** An ID token's or a logout token's type would be another one; many issuers set none at all. */
    private static final Set<JOSEObjectType> TYPES =
            Set.of(JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), new JOSEObjectType("application/at+jwt"));

    private final Map<String, Issuer> issuers;
    private final Identities identities;
    private final InstantSource clock;

    OutsideIssuers(List<Issuer> issuers, Identities identities, InstantSource clock) {
        this.issuers = issuers.stream().collect(Collectors.toUnmodifiableMap(Issuer::name, Function.identity()));
        this.identities = identities;
        this.clock = clock;
    }

    /** Whom {@code token} speaks for; empty if no listed issuer made it or it is not in force. */
    Optional<VerifiedToken> verify(ReadToken token) {
        String name = token.issuer();
        var issuer = name == null ? null : issuers.get(name);
        if (issuer == null
                || !isTypeTaken(token.header().getType())
                || !token.isFor(issuer.audience(), clock.instant())
                || !issuer.signed(token)) {
            return Optional.empty();
        }
        var claims = token.claims();
        var issuedAt = claims.getIssueTime();
        var user = identities.userOf(
                new Identities.Subject(issuer.name(), claims.getSubject()),
                new Identities.Claims(
                        text(claims, "preferred_username"),
                        text(claims, "name"),
                        issuedAt == null ? Instant.EPOCH : issuedAt.toInstant()));
        return user.map(
                id -> new VerifiedToken(id, null, claims.getExpirationTime().toInstant()));
    }

    /** This person was erased. */
    void forget(UserId user) {
        identities.forget(user);
    }

    private static boolean isTypeTaken(@Nullable JOSEObjectType type) {
        return type == null || TYPES.contains(type);
    }

    /** Claims that only name the person: one of a wrong type is no reason to refuse them. */
    private static @Nullable String text(JWTClaimsSet claims, String name) {
        return claims.getClaim(name) instanceof String text ? text : null;
    }
}
