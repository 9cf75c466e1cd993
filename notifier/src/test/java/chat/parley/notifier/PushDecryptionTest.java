package chat.parley.notifier;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.security.GeneralSecurityException;
import java.util.Base64;
import org.junit.jupiter.api.Test;

/** The ruler is measured first: what judges the sender is held against the example of RFC 8291, 5. */
class PushDecryptionTest {
    private static final String BODY = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
            + "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
            + "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

    private final byte[] body = Base64.getUrlDecoder().decode(BODY);

    @Test
    void the_example_of_the_rfc_is_decrypted() throws Exception {
        var browser = browser();
        assertEquals("When I grow up, I want to be a watermelon", new String(browser.decrypt(body), UTF_8));
        assertEquals(
                "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
                browser.p256dh());
        assertEquals("BTBZMqHH6r4Tts7J_aSIgg", browser.auth());
    }

    @Test
    void one_changed_bit_is_noticed_wherever_it_is() throws Exception {
        var browser = browser();
        for (int at : new int[] {0, 30, 90, body.length - 1}) {
            byte[] changed = body.clone();
            changed[at] ^= 1;
            assertThrows(GeneralSecurityException.class, () -> browser.decrypt(changed), () -> "at " + at);
        }
    }

    @Test
    void another_browser_reads_nothing() {
        assertThrows(
                GeneralSecurityException.class, () -> PushDecryption.fresh().decrypt(body));
    }

    private static PushDecryption browser() throws GeneralSecurityException {
        return PushDecryption.of(
                "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94",
                "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
                "BTBZMqHH6r4Tts7J_aSIgg");
    }
}
