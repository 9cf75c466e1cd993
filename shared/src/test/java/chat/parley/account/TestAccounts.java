package chat.parley.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import chat.parley.postgres.Postgres;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.StepClock;
import chat.parley.testkit.TestIds;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Accounts of one node over a test's database, with a time that moves by hand and no background work. */
final class TestAccounts implements AutoCloseable {
    private static final AtomicInteger NAMES = new AtomicInteger();

    /** The hash of nothing: most tests log nobody in, and a real one costs 42 ms. */
    private static final String NO_PASSWORD = "-";

    final StepClock clock;
    final Postgres postgres;
    final Accounts accounts;

    private TestAccounts(StepClock clock, Postgres postgres, @Nullable Path issuersFile, List<SessionCookie> cookies) {
        this.clock = clock;
        this.postgres = postgres;
        this.accounts = Accounts.still(
                new AccountSettings(issuersFile, cookies),
                postgres,
                TestIds.fresh(),
                new Accounts.Time(clock, () -> TimeUnit.MILLISECONDS.toNanos(clock.millis())),
                new SimpleMeterRegistry());
        accounts.sessions().live().poll();
    }

    static TestAccounts over(RealPostgres database) {
        return over(database, null, SessionCookie.PLAIN);
    }

    static TestAccounts over(RealPostgres database, @Nullable Path issuersFile, SessionCookie... cookies) {
        return new TestAccounts(
                StepClock.started(), Postgres.open(database.address(), 4), issuersFile, List.of(cookies));
    }

    /** Over any server, which may be away. */
    static TestAccounts over(Postgres postgres) {
        return new TestAccounts(StepClock.started(), postgres, null, List.of(SessionCookie.PLAIN));
    }

    /** Another node over the same database, with the same time. */
    TestAccounts otherNode() {
        return new TestAccounts(clock, postgres, null, List.of(SessionCookie.PLAIN));
    }

    TestAccounts otherNodeWith(Path issuersFile) {
        return new TestAccounts(clock, postgres, issuersFile, List.of(SessionCookie.PLAIN));
    }

    Identities identities() {
        return new Identities(postgres, TestIds.fresh(), clock, clock::millis, new SecureRandom());
    }

    /** Somebody new with a name of their own. */
    User somebody() {
        return named("somebody-" + NAMES.incrementAndGet(), "Somebody");
    }

    User named(String username, String displayName) {
        var created = accounts.users().create(new Username(username), new DisplayName(displayName), NO_PASSWORD, null);
        return assertInstanceOf(Users.Created.Fresh.class, created).user();
    }

    /** What is remembered, if anything is, must be what is found by asking. */
    Authentication bearer(String token) {
        var remembered = remembered(token);
        var answer = accounts.authenticator().authenticate(new Credentials("Bearer " + token, null, null));
        if (remembered != null) {
            assertEquals(answer, remembered);
        }
        return answer;
    }

    @Nullable
    Authentication remembered(String token) {
        return accounts.authenticator().known(new Credentials("Bearer " + token, null, null));
    }

    Authentication cookie(String header) {
        return accounts.authenticator().authenticate(new Credentials(null, header, null));
    }

    Authentication ticket(String ticket) {
        return accounts.authenticator().authenticate(new Credentials(null, null, ticket));
    }

    String tokenOf(OpenedSession session) {
        return accounts.accessTokens().issue(session.user(), session.id()).reveal();
    }

    /** As time goes by on a running node: its polls go on. */
    void advance(Duration step) {
        clock.advance(step);
        accounts.sessions().live().poll();
    }

    static Caller accepted(Authentication authentication) {
        return assertInstanceOf(Authentication.Accepted.class, authentication).caller();
    }

    static void assertRefused(Authentication authentication) {
        assertInstanceOf(Authentication.Refused.class, authentication);
    }

    @Override
    public void close() {
        accounts.close();
        postgres.close();
    }
}
