package chat.parley.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.account.Passwords.Verdict;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PasswordsTest {
    private static final Password RIGHT = new Password("correct horse");

    private final Passwords passwords = new Passwords(new SecureRandom(), new SimpleMeterRegistry());

    @AfterEach
    void close() {
        passwords.close();
    }

    @Test
    void a_hash_is_argon2id_with_the_parameters_of_the_contract_and_its_own_salt() {
        var hash = passwords.hash(RIGHT).orElseThrow();
        assertTrue(hash.startsWith("$argon2id$v=19$m=19456,t=2,p=1$"), hash);
        assertNotEquals(hash, passwords.hash(RIGHT).orElseThrow());
        assertEquals(Verdict.RIGHT, passwords.verify(RIGHT, hash));
        assertEquals(Verdict.WRONG, passwords.verify(new Password("wrong horse"), hash));
        assertEquals(Verdict.WRONG, passwords.verify(RIGHT, null));
    }

    @Test
    void a_name_that_nobody_has_costs_as_much() {
        var hash = passwords.hash(RIGHT).orElseThrow();
        // The shortest of many is the work itself, whatever else the machine does meanwhile.
        long known = Long.MAX_VALUE;
        long unknown = Long.MAX_VALUE;
        for (int round = 0; round < 60 && (round < 5 || !areAlike(known, unknown)); round++) {
            known = Math.min(known, nanos(hash));
            unknown = Math.min(unknown, nanos(null));
        }
        assertTrue(areAlike(known, unknown), known + " ns and " + unknown + " ns");
    }

    @Test
    void who_comes_when_the_queue_is_full_is_told_so_at_once() throws Exception {
        var hash = passwords.hash(RIGHT).orElseThrow();
        var verdicts = new ArrayList<Future<Verdict>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 120; i++) {
                verdicts.add(threads.submit(() -> passwords.verify(RIGHT, hash)));
            }
            int overloaded = 0;
            for (var verdict : verdicts) {
                overloaded += verdict.get() == Verdict.OVERLOADED ? 1 : 0;
            }
            assertTrue(overloaded > 0 && overloaded < 120, "refused: " + overloaded);
        }
    }

    @Test
    void a_closed_pool_refuses() {
        passwords.close();
        assertEquals(Optional.empty(), passwords.hash(RIGHT));
    }

    private static boolean areAlike(long one, long other) {
        return one < other * 3 / 2 && other < one * 3 / 2;
    }

    private long nanos(@Nullable String stored) {
        long started = System.nanoTime();
        passwords.verify(RIGHT, stored);
        return System.nanoTime() - started;
    }
}
