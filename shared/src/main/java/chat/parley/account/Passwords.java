package chat.parley.account;

import com.password4j.Argon2Function;
import com.password4j.types.Argon2;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Hashes and verifies passwords by Argon2id in a small pool of its own, since one costs some 42 ms of CPU and 19 MB: whoever logs in waits here,
 * and nobody else is slowed down. Safe for use by many threads.
 */
public final class Passwords implements AutoCloseable {
    /** OWASP's parameters, which the contract names: 19 MiB, two passes, one lane. */
    private static final int MEMORY_KIB = 19_456;

    private static final int PASSES = 2;
    private static final int LANES = 1;
    private static final int HASH_BYTES = 32;
    private static final int SALT_BYTES = 16;

    /** At a time: both cores of a small machine at most, where messages have to go through as well. */
    private static final int THREADS_MAX = 2;

    /** At 42 ms and two threads the last one waits 1.5 s; more than that is better told to come back. */
    private static final int WAITING_MAX = 64;

    /** Longer than the full queue takes on a machine with other work to do. */
    private static final Duration WAIT_MAX = Duration.ofSeconds(8);

    private final Argon2Function argon2 = Argon2Function.getInstance(MEMORY_KIB, PASSES, LANES, HASH_BYTES, Argon2.ID);
    private final SecureRandom random;
    private final String nobodys;
    private final ThreadPoolExecutor pool;

    Passwords(SecureRandom random, MeterRegistry meters) {
        this.random = random;
        this.nobodys = hashOfNothing();
        int threads = Math.min(THREADS_MAX, Runtime.getRuntime().availableProcessors());
        this.pool = new ThreadPoolExecutor(
                threads,
                threads,
                0,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(WAITING_MAX),
                Thread.ofPlatform().daemon().name("password-", 0).factory());
        Gauge.builder("parley.passwords.waiting", pool, p -> p.getQueue().size())
                .description("Hashes that wait for a thread; " + WAITING_MAX + " at most")
                .register(meters);
    }

    /** What comparing a password came to. */
    public enum Verdict {
        /** It is the one. */
        RIGHT,
        /** It is not, or there is none to compare with. */
        WRONG,
        /** Too many wait already: nothing was compared. */
        OVERLOADED
    }

    /** Compares; {@code stored} is null for a name that nobody has, which takes as long and is always wrong. */
    public Verdict verify(Password given, @Nullable String stored) {
        return inPool(() -> {
                    String hash = stored == null ? nobodys : stored;
                    boolean isSame = Argon2Function.getInstanceFromHash(hash).check(given.reveal(), hash);
                    return isSame && stored != null ? Verdict.RIGHT : Verdict.WRONG;
                })
                .orElse(Verdict.OVERLOADED);
    }

    /** The hash to store, in PHC form; empty if too many wait already. */
    public Optional<String> hash(Password given) {
        return inPool(() -> {
            byte[] salt = new byte[SALT_BYTES];
            random.nextBytes(salt);
            return argon2.hash(given.reveal().getBytes(StandardCharsets.UTF_8), salt)
                    .getResult();
        });
    }

    @Override
    public void close() {
        pool.shutdownNow();
    }

    private <T> Optional<T> inPool(Callable<T> work) {
        try {
            var future = pool.submit(work);
            try {
                return Optional.of(future.get(WAIT_MAX.toMillis(), TimeUnit.MILLISECONDS));
            } catch (TimeoutException e) {
                future.cancel(false);
                return Optional.empty();
            }
        } catch (RejectedExecutionException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        } catch (ExecutionException e) {
            throw new IllegalStateException("Argon2 failed", e.getCause());
        }
    }

    /** A hash that no password has: its salt and its result are chance. Comparing with it costs the same. */
    private String hashOfNothing() {
        byte[] salt = new byte[SALT_BYTES];
        byte[] result = new byte[HASH_BYTES];
        random.nextBytes(salt);
        random.nextBytes(result);
        var base64 = Base64.getEncoder().withoutPadding();
        return "$argon2id$v=19$m=" + MEMORY_KIB + ",t=" + PASSES + ",p=" + LANES + "$" + base64.encodeToString(salt)
                + "$" + base64.encodeToString(result);
    }
}
