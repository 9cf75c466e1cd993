package chat.parley.push;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SubscriptionRulesTest {
    /** The browser's key of RFC 8291, 5. */
    private static final String POINT =
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

    private static final String AUTH = "BTBZMqHH6r4Tts7J_aSIgg";
    private static final URI ENDPOINT = URI.create("https://updates.push.example/wpush/v2/gAAAAAB");

    private final SubscriptionRules rules = new SubscriptionRules(false);
    private final SubscriptionRules lenient = new SubscriptionRules(true);

    @Test
    void what_browsers_give_is_taken() {
        assertNull(rules.complaint(new PushTarget.WebPush(ENDPOINT, POINT, AUTH)));
        assertNull(rules.complaint(URI.create("https://push.example:8443/x?y=z")));
        assertNull(rules.complaint(URI.create("HTTPS://1.1.1.1/x")));
        assertNull(rules.complaint(URI.create("https://push.example/" + "x".repeat(2_048 - 21))));
        assertNull(rules.complaint(new PushTarget.WebPush(ENDPOINT, POINT + "=", AUTH + "==")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://push.example/x",
                "ftp://push.example/x",
                "https:/x",
                "x",
                "mailto:x@push.example",
                "https://user@push.example/x",
                "https://push.example/x#y",
                "https://127.0.0.1/x",
                "https://127.1/x",
                "https://2130706433/x",
                "https://localhost/x",
                "https://LOCALHOST:8443/x",
                "https://a.localhost/x",
                "https://localhost./x",
                "https://[::1]/x",
                "https://[::ffff:127.0.0.1]/x",
                "https://169.254.169.254/latest/meta-data",
                "https://10.0.0.1/x",
                "https://[fd00::1]/x",
                "https://[fe80::1%25eth0]/x"
            })
    void endpoints_that_lead_to_us_or_are_open_to_read_are_not(String endpoint) {
        assertNotNull(rules.complaint(URI.create(endpoint)));
    }

    @Test
    void an_endpoint_of_one_character_too_many_is_not() {
        String complaint = rules.complaint(URI.create("https://push.example/" + "x".repeat(2_048 - 20)));
        assertTrue(String.valueOf(complaint).contains("2048"), complaint);
    }

    @Test
    void in_a_private_network_more_is_taken_but_not_everything() {
        assertNull(lenient.complaint(URI.create("http://127.0.0.1:1234/x")));
        assertNull(lenient.complaint(URI.create("https://localhost/x")));
        assertNotNull(lenient.complaint(URI.create("file:///etc/passwd")));
        assertNotNull(lenient.complaint(URI.create("http://user:word@127.0.0.1/x")));
    }

    @Test
    void keys_must_be_of_their_form() {
        byte[] point = Base64.getUrlDecoder().decode(POINT);
        point[64] ^= 1;
        String besideTheCurve = Base64.getUrlEncoder().withoutPadding().encodeToString(point);
        for (String wrong : new String[] {"", "!", POINT.substring(4), "A" + POINT.substring(1), besideTheCurve}) {
            assertEquals(
                    "p256dh must be an uncompressed point of P-256 in base64url",
                    rules.complaint(new PushTarget.WebPush(ENDPOINT, wrong, AUTH)),
                    wrong);
        }
        for (String wrong : new String[] {"", "!", "AAAA", AUTH + "AAAA"}) {
            assertEquals(
                    "auth must be 16 bytes in base64url",
                    rules.complaint(new PushTarget.WebPush(ENDPOINT, POINT, wrong)),
                    wrong);
        }
    }
}
