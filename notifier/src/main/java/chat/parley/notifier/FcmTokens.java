package chat.parley.notifier;

import com.google.api.client.http.HttpResponseException;
import com.google.auth.oauth2.AccessToken;
import com.google.auth.oauth2.ServiceAccountCredentials;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The access token that pushes carry: fetched some minutes before the last one ends, by one thread for all, while the others go on with what they have. Safe
 * for use by many threads.
 */
final class FcmTokens {
    /** Google's tokens live for an hour; this much earlier the next one is fetched. */
    private static final Duration AHEAD = Duration.ofMinutes(5);

    /** With less left than this a token may end on its way. */
    private static final Duration LEFT_MIN = Duration.ofSeconds(20);

    /** Between two tries while the last token still serves: the token server's outage is not ours, and not to be made worse. */
    private static final Duration PAUSE = Duration.ofSeconds(10);

    private static final int BAD_REQUEST = 400;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;

    private final ServiceAccountCredentials account;
    private final InstantSource clock;
    private @Nullable AccessToken token; // this and the next two: guarded by this
    private @Nullable CompletableFuture<AccessToken> fetch;
    private Instant pausedUntil = Instant.MIN;

    FcmTokens(ServiceAccountCredentials account, InstantSource clock) {
        this.account = account;
        this.clock = clock;
    }

    /** The token server does not know this service account, or not its key: an operator must do something. */
    static final class Refused extends IOException {
        Refused(IOException cause) {
            super("the token server refuses the service account", cause);
        }
    }

    /** The token server is away or slow: to be tried again. */
    static final class Missing extends IOException {
        Missing(Throwable cause) {
            super("no access token came", cause);
        }
    }

    /** A token that is good for a while; waits for one up to {@code nanosMax} where there is none yet. */
    String get(long nanosMax) throws Refused, Missing, InterruptedException {
        CompletableFuture<AccessToken> coming;
        synchronized (this) {
            var now = clock.instant();
            var left = token == null ? Duration.ZERO : Duration.between(now, expiry(token));
            if (left.compareTo(AHEAD) < 0) {
                boolean needed = left.compareTo(LEFT_MIN) < 0;
                if (fetch == null && (needed || !now.isBefore(pausedUntil))) {
                    fetch = new CompletableFuture<>();
                    Thread.startVirtualThread(this::fetch);
                }
                if (needed) {
                    token = null;
                }
            }
            if (token != null) {
                return token.getTokenValue();
            }
            coming = Objects.requireNonNull(fetch, "begun above");
        }
        return await(coming, nanosMax);
    }

    /** FCM does not take this one, whatever its expiry says: it is not given out again. */
    synchronized void drop(String refused) {
        if (token != null && token.getTokenValue().equals(refused)) {
            token = null;
        }
    }

    private void fetch() {
        AccessToken fetched = null;
        IOException failure = null;
        try {
            fetched = account.refreshAccessToken();
        } catch (IOException e) {
            failure = isRefused(e) ? new Refused(e) : e;
        } catch (RuntimeException e) {
            failure = new IOException("no access token", e); // whoever waits must hear of it
        }
        CompletableFuture<AccessToken> waiting;
        synchronized (this) {
            waiting = Objects.requireNonNull(fetch, "only one fetches");
            fetch = null;
            if (fetched == null) {
                pausedUntil = clock.instant().plus(PAUSE);
            } else {
                token = fetched;
            }
        }
        if (fetched == null) {
            waiting.completeExceptionally(failure);
        } else {
            waiting.complete(fetched);
        }
    }

    private static String await(CompletableFuture<AccessToken> coming, long nanosMax)
            throws Refused, Missing, InterruptedException {
        try {
            return coming.get(nanosMax, TimeUnit.NANOSECONDS).getTokenValue();
        } catch (TimeoutException e) {
            throw new Missing(e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Refused refused) {
                throw refused;
            }
            throw new Missing(Objects.requireNonNullElse(e.getCause(), e));
        }
    }

    /** RFC 6749, 5.2, answers 400 or 401; 403 is Google's own. Anything else may pass. */
    private static boolean isRefused(IOException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof HttpResponseException answer) {
                int status = answer.getStatusCode();
                return status == BAD_REQUEST || status == UNAUTHORIZED || status == FORBIDDEN;
            }
        }
        return false;
    }

    private static Instant expiry(AccessToken token) {
        var expiry = token.getExpirationTime();
        return expiry == null ? Instant.MIN : expiry.toInstant();
    }
}
