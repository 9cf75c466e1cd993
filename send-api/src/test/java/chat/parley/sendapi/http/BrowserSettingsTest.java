package chat.parley.sendapi.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.account.AccountSettings;
import chat.parley.account.SessionCookie;
import chat.parley.ops.Settings;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BrowserSettingsTest {
    @Test
    void a_public_https_address_makes_the_cookie_a_secure_one() {
        var environment = new Settings(Map.of("PARLEY_PUBLIC_URL", "https://chat.example.com"));
        assertEquals(new BrowserSettings(true, false, Set.of()), BrowserSettings.from(environment));
        assertEquals(
                List.of(SessionCookie.SECURE), AccountSettings.from(environment).cookies());
        assertEquals(
                List.of(SessionCookie.PLAIN),
                AccountSettings.from(new Settings(Map.of())).cookies());
    }

    @Test
    void origins_are_listed_by_commas_and_compared_in_lower_case() {
        var environment = new Settings(Map.of("PARLEY_ORIGINS", " https://App.example.com, http://localhost:3000 "));
        assertEquals(
                Set.of("https://app.example.com", "http://localhost:3000"),
                BrowserSettings.from(environment).origins());
    }

    @ParameterizedTest
    @ValueSource(strings = {"app.example.com", "https://app.example.com/", "*", "https://a b", "null"})
    void what_is_no_origin_is_refused_by_name(String origin) {
        var environment = new Settings(Map.of("PARLEY_ORIGINS", origin));
        var refusal = assertThrows(IllegalArgumentException.class, () -> BrowserSettings.from(environment));
        assertTrue(String.valueOf(refusal.getMessage()).startsWith("PARLEY_ORIGINS"), refusal.getMessage());
    }

    @Test
    void a_public_address_without_a_scheme_is_refused_by_name() {
        var environment = new Settings(Map.of("PARLEY_PUBLIC_URL", "chat.example.com"));
        var refusal = assertThrows(IllegalArgumentException.class, () -> BrowserSettings.from(environment));
        assertTrue(String.valueOf(refusal.getMessage()).startsWith("PARLEY_PUBLIC_URL"), refusal.getMessage());
    }

    @Test
    void addresses_of_one_ipv6_network_are_one_client() {
        assertEquals(Browsers.network("2001:db8:1:2::1"), Browsers.network("2001:db8:1:2:ffff::9"));
        assertEquals("203.0.113.7", Browsers.network("203.0.113.7"));
        assertEquals("unknown", Browsers.network("unknown"));
    }
}
