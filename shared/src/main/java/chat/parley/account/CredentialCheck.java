package chat.parley.account;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Judges credentials by our own tokens, outside issuers, cookies and tickets. */
final class CredentialCheck implements Authenticator {
    private static final Authentication MISSING = new Authentication.Missing();
    private static final Authentication REFUSED = new Authentication.Refused();
    private static final String SCHEME = "Bearer ";

    /** Verifying costs some 100 µs. Verified anew after a while, so that an issuer's withdrawn key stops to count. */
    private static final Duration REMEMBERED_FOR = Duration.ofMinutes(10);

    /** Some 20 MB; more active tokens than that want another node. */
    private static final int REMEMBERED_MAX = 100_000;

    private final AccessTokens ownTokens;
    private final OutsideIssuers issuers;
    private final LiveSessions sessions;
    private final StreamTickets tickets;
    private final List<SessionCookie> cookies;
    private final InstantSource clock;
    private final Cache<ByteBuffer, VerifiedToken> tokens;
    private final Cache<ByteBuffer, StreamTickets.Holder> usedTickets;

    /** @param cookies the names taken, the first that is there decides */
    CredentialCheck(
            AccessTokens ownTokens,
            OutsideIssuers issuers,
            LiveSessions sessions,
            StreamTickets tickets,
            List<SessionCookie> cookies,
            Accounts.Time time) {
        this.ownTokens = ownTokens;
        this.issuers = issuers;
        this.sessions = sessions;
        this.tickets = tickets;
        this.cookies = List.copyOf(cookies);
        this.clock = time.clock();
        this.tokens = remembering(time.ticker());
        this.usedTickets = remembering(time.ticker());
    }

    @Override
    public Authentication authenticate(Credentials credentials) {
        if (credentials.authorization() != null) {
            return bearer(credentials.authorization());
        }
        if (credentials.ticket() != null) {
            return ticket(credentials.ticket());
        }
        for (var cookie : cookies) {
            var value = cookie.in(credentials.cookieHeader());
            if (value.isPresent()) {
                return accepted(sessions.inForceByCookie(value.get()), null, Means.COOKIE);
            }
        }
        return MISSING;
    }

    @Override
    public Authentication.@Nullable Accepted known(Credentials credentials) {
        if (credentials.authorization() != null) {
            String text = token(credentials.authorization());
            var token = text == null ? null : tokens.getIfPresent(OpaqueSecrets.fingerprint(text));
            return token != null && clock.instant().isBefore(token.until()) ? known(token) : null;
        }
        if (credentials.ticket() != null) {
            return null;
        }
        for (var cookie : cookies) {
            var value = cookie.in(credentials.cookieHeader());
            if (value.isPresent()) {
                return known(sessions.knownByCookie(value.get()), null, Means.COOKIE);
            }
        }
        return null;
    }

    private Authentication.@Nullable Accepted known(VerifiedToken token) {
        var session = token.session();
        if (session != null) {
            var row = sessions.known(session);
            return row != null && row.user().equals(token.user()) ? known(row, token.until(), Means.BEARER) : null;
        }
        return sessions.isKnownPerson(token.user())
                ? new Authentication.Accepted(new Caller(token.user(), null, token.until(), Means.BEARER))
                : null;
    }

    private static Authentication.@Nullable Accepted known(
            @Nullable SessionRow session, @Nullable Instant until, Means means) {
        return session == null
                ? null
                : new Authentication.Accepted(
                        new Caller(session.user(), session.id(), until == null ? session.expiresAt() : until, means));
    }

    /** The token of a header; null where it offers something else. */
    private static @Nullable String token(String authorization) {
        return authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                ? authorization.substring(SCHEME.length()).strip()
                : null;
    }

    private Authentication bearer(String authorization) {
        String text = token(authorization);
        if (text == null) {
            return REFUSED;
        }
        var token = believed(text);
        if (token == null) {
            return REFUSED;
        }
        if (!clock.instant().isBefore(token.until())) {
            return REFUSED;
        }
        var session = token.session();
        if (session == null) {
            return new Authentication.Accepted(new Caller(token.user(), null, token.until(), Means.BEARER));
        }
        var user = token.user();
        return accepted(sessions.inForce(session).filter(row -> row.user().equals(user)), token.until(), Means.BEARER);
    }

    /** What the token says; null if it is not to be believed. */
    private @Nullable VerifiedToken believed(String text) {
        var fingerprint = OpaqueSecrets.fingerprint(text);
        var known = tokens.getIfPresent(fingerprint);
        if (known == null) {
            known = verified(text, fingerprint);
        }
        if (known != null && known.session() == null && !sessions.isPerson(known.user())) {
            // Erased; or it is a new login of a person whom this process still takes for the erased one.
            tokens.invalidate(fingerprint);
            issuers.forget(known.user());
            known = verified(text, fingerprint);
        }
        return known;
    }

    /** Remembered only here: a token that is used all the time must be verified anew as well. */
    private @Nullable VerifiedToken verified(String text, ByteBuffer fingerprint) {
        var token = ReadToken.read(text).flatMap(this::verify).orElse(null);
        if (token != null) {
            tokens.put(fingerprint, token);
        }
        return token;
    }

    private Optional<VerifiedToken> verify(ReadToken token) {
        return AccessTokens.ISSUER.equals(token.issuer()) ? ownTokens.verify(token) : issuers.verify(token);
    }

    private Authentication ticket(String ticket) {
        var fingerprint = OpaqueSecrets.fingerprint(ticket);
        var holder = usedTickets.getIfPresent(fingerprint);
        if (holder == null) {
            holder = tickets.use(ticket).orElse(null);
            if (holder == null) {
                return REFUSED;
            }
            usedTickets.put(fingerprint, holder);
        }
        var session = holder.session();
        if (session != null) {
            return accepted(sessions.inForce(session), null, Means.TICKET);
        }
        var until = holder.validUntil();
        return until != null && clock.instant().isBefore(until) && sessions.isPerson(holder.user())
                ? new Authentication.Accepted(new Caller(holder.user(), null, until, Means.TICKET))
                : REFUSED;
    }

    private static Authentication accepted(Optional<SessionRow> session, @Nullable Instant until, Means means) {
        return session.<Authentication>map(row -> new Authentication.Accepted(
                        new Caller(row.user(), row.id(), until == null ? row.expiresAt() : until, means)))
                .orElse(REFUSED);
    }

    private static <V> Cache<ByteBuffer, V> remembering(Ticker ticker) {
        return Caffeine.newBuilder()
                .ticker(ticker)
                .expireAfterWrite(REMEMBERED_FOR)
                .maximumSize(REMEMBERED_MAX)
                .<ByteBuffer, V>build();
    }
}
