package chat.parley.push;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.postgres.Postgres;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.StepClock;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.util.Base64URL;
import java.security.Signature;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class VapidKeysTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private final StepClock clock = StepClock.started();
    private final Postgres postgres = Postgres.open(POSTGRES.address(), 10);

    @BeforeEach
    void forget() {
        postgres.with(db -> db.execute("DELETE FROM vapid_key"));
    }

    @AfterEach
    void close() {
        postgres.close();
    }

    @Test
    void the_public_half_is_an_uncompressed_point_as_browsers_take_it() {
        byte[] point = new Base64URL(process().publicKey()).decode();
        assertEquals(65, point.length);
        assertEquals(4, point[0]);
    }

    @Test
    void what_the_private_half_signs_the_public_half_verifies() throws Exception {
        for (int i = 0; i < 20; i++) { // one number of 256 begins with a zero, which must not be lost
            forget();
            var pair = process().pair();
            byte[] text = {1, 2, 3};
            var signature = Signature.getInstance("SHA256withECDSA");
            signature.initSign(pair.signingKey());
            signature.update(text);
            byte[] signed = signature.sign();
            byte[] point = new Base64URL(pair.publicKey()).decode();
            signature.initVerify(new ECKey.Builder(
                            Curve.P_256,
                            Base64URL.encode(Arrays.copyOfRange(point, 1, 33)),
                            Base64URL.encode(Arrays.copyOfRange(point, 33, 65)))
                    .build()
                    .toECPublicKey());
            signature.update(text);
            assertTrue(signature.verify(signed));
        }
    }

    @Test
    void a_restart_keeps_the_pair() {
        var before = process();
        String publicKey = before.publicKey();
        assertEquals(publicKey, before.publicKey());
        var after = process();
        assertEquals(publicKey, after.publicKey());
        assertEquals(before.pair(), after.pair());
    }

    @Test
    void processes_that_start_together_have_the_same_pair() throws Exception {
        int processes = 8;
        for (int round = 0; round < 20; round++) {
            forget();
            Set<VapidKeys.Pair> pairs = new HashSet<>();
            var together = new CyclicBarrier(processes);
            try (var threads = Executors.newFixedThreadPool(processes)) {
                Callable<VapidKeys.Pair> start = () -> {
                    var keys = process();
                    together.await();
                    return keys.pair();
                };
                for (var pair : threads.invokeAll(Collections.nCopies(processes, start))) {
                    pairs.add(pair.get());
                }
            }
            assertEquals(1, pairs.size());
            assertEquals(pairs.iterator().next(), process().pair());
        }
    }

    @Test
    void the_private_half_is_not_shown() {
        var pair = process().pair();
        assertFalse(pair.toString().contains(pair.privateKey().reveal()), pair::toString);
    }

    /** As another process has it: knows nothing yet. */
    private VapidKeys process() {
        return new VapidKeys(postgres, clock);
    }
}
