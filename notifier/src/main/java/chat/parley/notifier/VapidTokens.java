package chat.parley.notifier;

import chat.parley.push.VapidKeys;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.zerodeplibs.webpush.VAPIDKeyPair;
import com.zerodeplibs.webpush.VAPIDKeyPairs;
import com.zerodeplibs.webpush.jwt.VAPIDJWTParam;
import com.zerodeplibs.webpush.key.PrivateKeySources;
import com.zerodeplibs.webpush.key.PublicKeySources;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The tokens that tell push services who sends (RFC 8292), one for each service, used again until half of their life is over. Safe for use by many threads.
 */
final class VapidTokens {
    /** RFC 8292, 2 allows a day; half of it leaves room for clocks that differ. */
    private static final Duration LIFE = Duration.ofHours(12);

    /** Also for a service that looks at a token some time after it came. */
    private static final Duration RENEWED_AFTER = LIFE.dividedBy(2);

    /** There are a dozen push services; more origins are somebody's play, who shall not fill the memory. */
    private static final int ORIGINS_MAX = 1_000;

    private final VapidKeys keys;
    private final @Nullable String contact;
    private final InstantSource clock;
    private final Cache<String, Token> tokens =
            Caffeine.newBuilder().maximumSize(ORIGINS_MAX).build();
    private volatile @Nullable VAPIDKeyPair signer;

    /** @param contact becomes {@code sub}; null: none */
    VapidTokens(VapidKeys keys, @Nullable String contact, InstantSource clock) {
        this.keys = keys;
        this.contact = contact;
        this.clock = clock;
    }

    private record Token(String authorization, Instant signedAt) {}

    /**
     * What to send as {@code Authorization} to {@code origin}.
     *
     * @param origin as RFC 6454, 6.2 writes it: no default port
     * @throws chat.parley.ops.StoreUnavailable when the key was not read before and PostgreSQL is away
     */
    String authorization(String origin) {
        var now = clock.instant();
        var known = tokens.getIfPresent(origin);
        if (known == null || !now.isBefore(known.signedAt.plus(RENEWED_AFTER)) || now.isBefore(known.signedAt)) {
            known = sign(origin, now); // two threads may both sign: harmless
            tokens.put(origin, known);
        }
        return known.authorization;
    }

    private Token sign(String origin, Instant now) {
        var claims = VAPIDJWTParam.getBuilder().resourceURLString(origin).expirationTime(now.plus(LIFE));
        if (contact != null) {
            claims.subject(contact);
        }
        return new Token(signer().generateAuthorizationHeaderValue(claims.build()), now);
    }

    private VAPIDKeyPair signer() {
        var made = signer;
        if (made == null) {
            var pair = keys.pair();
            made = VAPIDKeyPairs.of(
                    PrivateKeySources.ofECPrivateKey(pair.signingKey()),
                    PublicKeySources.ofUncompressedBytes(Base64.getUrlDecoder().decode(pair.publicKey())));
            signer = made;
        }
        return made;
    }
}
