package chat.parley.account;

import chat.parley.crypto.NativeCurves;
import chat.parley.id.IdSource;
import chat.parley.postgres.Postgres;
import com.github.benmanes.caffeine.cache.Ticker;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything about accounts, put together for one process. Works in the background until closed: learns which sessions ended elsewhere, and
 * deletes what is over.
 */
public final class Accounts implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Accounts.class);

    /** The poll must not wait for a cleanup that has much to do. */
    private static final int BACKGROUND_THREADS = 2;

    private final Users users;
    private final Sessions sessions;
    private final AccessTokens accessTokens;
    private final StreamTickets tickets;
    private final Passwords passwords;
    private final Erasures erasures;
    private final Authenticator authenticator;
    private final ScheduledExecutorService background;
    private final List<Future<?>> repeated = new ArrayList<>();

    private Accounts(AccountSettings settings, Postgres postgres, IdSource ids, Time time, MeterRegistry meters) {
        var random = new SecureRandom();
        var secrets = new OpaqueSecrets(random);
        users = new Users(postgres, ids, time.clock());
        sessions = new Sessions(postgres, ids, time.clock(), time.ticker(), secrets);
        erasures = new Erasures(postgres, time.clock(), sessions.live());
        accessTokens = new AccessTokens(new SigningKeys(postgres, time.clock(), time.ticker()), time.clock(), secrets);
        tickets = new StreamTickets(postgres, time.clock(), secrets);
        var issuers = settings.issuersFile() == null ? List.<Issuer>of() : IssuersFile.read(settings.issuersFile());
        var identities = new Identities(postgres, ids, time.clock(), time.ticker(), random);
        authenticator = new CredentialCheck(
                accessTokens,
                new OutsideIssuers(issuers, identities, time.clock()),
                sessions.live(),
                tickets,
                settings.cookies(),
                time);
        passwords = new Passwords(random, meters);
        background = Executors.newScheduledThreadPool(
                BACKGROUND_THREADS,
                Thread.ofPlatform().daemon().name("accounts-", 0).factory());
    }

    /**
     * @param clock the time of day
     * @param ticker what caches are measured by, independent of the time of day
     */
    record Time(InstantSource clock, Ticker ticker) {}

    /**
     * Puts everything together and starts the background work; does not need PostgreSQL to be there yet.
     *
     * @throws IllegalArgumentException if the issuers file is not good; says where
     */
    public static Accounts open(
            AccountSettings settings, Postgres postgres, IdSource ids, InstantSource clock, MeterRegistry meters) {
        var accounts = new Accounts(settings, postgres, ids, new Time(clock, Ticker.systemTicker()), meters);
        accounts.startWorking(new AccountCleanup(postgres, clock));
        return accounts;
    }

    /** For tests that move the time by hand: nothing works in the background. */
    static Accounts still(AccountSettings settings, Postgres postgres, IdSource ids, Time time, MeterRegistry meters) {
        return new Accounts(settings, postgres, ids, time, meters);
    }

    /** People. */
    public Users users() {
        return users;
    }

    /** Login sessions. */
    public Sessions sessions() {
        return sessions;
    }

    /** Our own access tokens. */
    public AccessTokens accessTokens() {
        return accessTokens;
    }

    /** Stream tickets. */
    public StreamTickets tickets() {
        return tickets;
    }

    /** Erasures of accounts. */
    public Erasures erasures() {
        return erasures;
    }

    /** Password hashes. */
    public Passwords passwords() {
        return passwords;
    }

    /** Tells who is calling. */
    public Authenticator authenticator() {
        return authenticator;
    }

    @Override
    public void close() {
        repeated.forEach(work -> work.cancel(false));
        background.shutdownNow();
        passwords.close();
    }

    private void startWorking(AccountCleanup cleanup) {
        background.execute(
                NativeCurves::provider); // takes a third of a second, which the first token need not wait for
        every(LiveSessions.POLL_EVERY.toMillis(), sessions.live()::poll);
        every(AccountCleanup.EVERY.toMillis(), cleanup::run);
    }

    private void every(long millis, Runnable work) {
        repeated.add(background.scheduleWithFixedDelay(() -> alive(work), 0, millis, TimeUnit.MILLISECONDS));
    }

    /** An exception that came through would end the repetition without a word. */
    private static void alive(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException e) {
            LOG.error("background work on accounts failed; it goes on next time", e);
        }
    }
}
