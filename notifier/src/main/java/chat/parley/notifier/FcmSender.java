package chat.parley.notifier;

import chat.parley.notifier.PushResult.Refused;
import chat.parley.notifier.PushResult.Unavailable;
import chat.parley.push.PushTarget;
import chat.parley.push.Vendor;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;

/** Hands pushes to Firebase Cloud Messaging by its HTTP v1, over one HTTP/2 connection. Why not by Google's client: {@code docs/adr/0010-fcm-directly.md}. */
final class FcmSender implements PushSender {
    /** What a caller may wait, all steps together. */
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);

    /**
     * Google's servers take 100 streams a connection, and the JDK's client fails what comes on top; a stream ends a moment after its answer. At 100 ms a push these
     * are 900 a second.
     */
    private static final int STREAMS_MAX = 90;

    /** An error of FCM has less than 1 KB; what is longer comes from elsewhere. */
    private static final int ANSWER_BYTES_MAX = 64 * 1024;

    /** The JDK's client ends a connection that was idle for 30 s; after that much it may be gone. */
    private static final Duration WARM = Duration.ofSeconds(20);

    private final Semaphore streams = new Semaphore(STREAMS_MAX);
    private final URI address;
    private final FcmTokens tokens;
    private final InstantSource clock;
    private final HttpClient http;
    private final ReentrantLock opening = new ReentrantLock();
    private volatile long warmUntil = System.nanoTime(); // on the clock of System.nanoTime

    /** @param base {@code https://fcm.googleapis.com}, or what stands in its place */
    FcmSender(FcmKey key, URI base, InstantSource clock) {
        this(key, base, clock, HttpClient.newBuilder());
    }

    FcmSender(FcmKey key, URI base, InstantSource clock, HttpClient.Builder http) {
        this.address = base.resolve("/v1/projects/" + key.project() + "/messages:send");
        this.tokens = new FcmTokens(key.account(), clock);
        this.clock = clock;
        this.http = http.version(HttpClient.Version.HTTP_2)
                .connectTimeout(CONNECT_LIMIT)
                .build();
    }

    @Override
    public Vendor vendor() {
        return Vendor.FCM;
    }

    @Override
    public PushResult send(Push push) throws IOException, InterruptedException {
        if (!(push.device().target() instanceof PushTarget.Fcm target)) {
            throw new IllegalArgumentException("not a device of FCM");
        }
        byte[] message;
        try {
            message = FcmMessage.of(push, target.token(), clock.instant());
        } catch (IllegalArgumentException e) {
            return new Refused(Reasons.TOO_LARGE);
        }
        long deadline = System.nanoTime() + LIMIT.toNanos();
        if (!streams.tryAcquire(left(deadline), TimeUnit.NANOSECONDS)) {
            return new Unavailable(null, Reasons.BUSY);
        }
        try {
            return sendWarm(message, deadline);
        } finally {
            streams.release();
        }
    }

    /**
     * While there is no connection, one push opens it and the others wait for its answer: each would open one of its own, and so many handshakes at once take longer
     * than anybody waits.
     */
    private PushResult sendWarm(byte[] message, long deadline) throws IOException, InterruptedException {
        boolean opens = !isWarm();
        if (opens && !opening.tryLock(left(deadline), TimeUnit.NANOSECONDS)) {
            return new Unavailable(null, Reasons.BUSY);
        }
        try {
            if (opens && isWarm()) {
                opening.unlock();
                opens = false;
            }
            return send(message, deadline);
        } finally {
            if (opens) {
                opening.unlock();
            }
        }
    }

    private boolean isWarm() {
        return warmUntil - System.nanoTime() > 0;
    }

    private PushResult send(byte[] message, long deadline) throws IOException, InterruptedException {
        HttpResponse<byte[]> answer;
        try {
            String token = tokens.get(left(deadline));
            answer = post(message, token, deadline);
            if (FcmAnswers.isTokenRefused(answer.statusCode(), answer.body())) {
                // It ended before its time, or the clocks differ: one more, and no third.
                tokens.drop(token);
                answer = post(message, tokens.get(left(deadline)), deadline);
            }
        } catch (FcmTokens.Refused e) {
            return new Unavailable(null, Reasons.CREDENTIALS);
        } catch (FcmTokens.Missing e) {
            return new Unavailable(null, Reasons.NO_TOKEN);
        }
        String retryAfter = answer.headers().firstValue("retry-after").orElse(null);
        return FcmAnswers.result(answer.statusCode(), retryAfter, answer.body(), clock.instant());
    }

    private HttpResponse<byte[]> post(byte[] message, String token, long deadline)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(address)
                .header("Authorization", "Bearer " + token)
                .header("Content-Type", "application/json; charset=UTF-8")
                .POST(BodyPublishers.ofByteArray(message))
                .build();
        // Not send(): its limit ends with the headers, and a body may come byte by byte.
        var coming = http.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), ANSWER_BYTES_MAX));
        try {
            var answer = coming.get(left(deadline), TimeUnit.NANOSECONDS);
            warmUntil = System.nanoTime() + WARM.toNanos();
            return answer;
        } catch (TimeoutException e) {
            throw new HttpTimeoutException("FCM did not answer within " + LIMIT.toSeconds() + " s");
        } catch (ExecutionException e) {
            warmUntil = System.nanoTime();
            throw new IOException("FCM was not reached, or did not answer", e.getCause());
        } finally {
            coming.cancel(true); // resets the stream where it is still open
        }
    }

    private static long left(long deadline) {
        return Math.max(0, deadline - System.nanoTime());
    }

    /** Lets what is under way end. */
    @Override
    public void close() {
        http.shutdown();
        try {
            if (http.awaitTermination(LIMIT)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        http.shutdownNow();
    }
}
