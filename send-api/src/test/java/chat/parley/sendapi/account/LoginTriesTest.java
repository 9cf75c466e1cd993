package chat.parley.sendapi.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LoginTriesTest {
    private final AtomicLong nanos = new AtomicLong(1);
    private final LoginTries tries = new LoginTries(nanos::get);

    @Test
    void a_refused_try_may_be_repeated_exactly_when_it_was_told_to() {
        useUp("ann", "1.1.1.1", LoginTries.PER_ACCOUNT);
        var refused = tries.take("ann", "1.1.1.1");
        assertFalse(refused.allowed());
        assertEquals(LoginTries.PER_ACCOUNT, refused.quota());
        nanos.addAndGet(Duration.ofMinutes(1).toNanos());
        assertFalse(tries.take("ann", "1.1.1.1").allowed(), "too early");
        nanos.addAndGet(refused.nextIn().toNanos() - Duration.ofMinutes(1).toNanos());
        assertTrue(tries.take("ann", "1.1.1.1").allowed());
        assertFalse(tries.take("ann", "1.1.1.1").allowed(), "they come back one by one");
        nanos.addAndGet(LoginTries.WINDOW.toNanos());
        useUp("ann", "1.1.1.1", LoginTries.PER_ACCOUNT);
    }

    @Test
    void an_account_is_counted_from_wherever_the_tries_come_and_others_are_not_touched() {
        for (int i = 0; i < LoginTries.PER_ACCOUNT; i++) {
            assertTrue(tries.take("ann", "1.1.1." + i).allowed());
        }
        assertFalse(tries.take("ann", "2.2.2.2").allowed());
        assertTrue(tries.take("bob", "2.2.2.2").allowed());
    }

    @Test
    void tries_refused_for_the_account_do_not_use_up_the_address() {
        useUp("ann", "1.1.1.1", LoginTries.PER_ACCOUNT);
        for (int i = 0; i < 2 * LoginTries.PER_ADDRESS; i++) {
            assertFalse(tries.take("ann", "1.1.1.1").allowed());
        }
        assertTrue(tries.take("bob", "1.1.1.1").allowed());
    }

    @Test
    void a_right_password_counts_for_nothing() {
        for (int i = 0; i < 5 * LoginTries.PER_ADDRESS; i++) {
            assertTrue(tries.take("ann", "1.1.1.1").allowed());
            tries.giveBack("ann", "1.1.1.1");
        }
    }

    private void useUp(String account, String address, int times) {
        for (int i = 0; i < times; i++) {
            assertTrue(tries.take(account, address).allowed());
        }
    }
}
