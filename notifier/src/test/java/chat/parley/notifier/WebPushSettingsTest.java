package chat.parley.notifier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.ops.Settings;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WebPushSettingsTest {
    @ParameterizedTest
    @ValueSource(strings = {"mailto:admin@example.org", "https://example.org/contact", "https://example.org"})
    void a_contact_is_an_address_of_mail_or_a_page(String contact) {
        assertEquals(contact, read(Map.of("PARLEY_WEB_PUSH_CONTACT", contact)).contact());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "admin@example.org",
                "mailto:<admin@example.org>",
                "mailto: admin@example.org",
                "mailto:admin@localhost",
                "mailto:",
                "http://example.org",
                "https://",
                "https://exa mple.org",
                "tel:+15550100"
            })
    void what_push_services_cannot_read_stops_the_start(String contact) {
        var refusal =
                assertThrows(IllegalArgumentException.class, () -> read(Map.of("PARLEY_WEB_PUSH_CONTACT", contact)));
        assertTrue(String.valueOf(refusal.getMessage()).startsWith("PARLEY_WEB_PUSH_CONTACT is "), refusal::toString);
    }

    @Test
    void the_page_itself_stands_in_for_a_contact() {
        assertEquals(
                "https://chat.example.org",
                read(Map.of("PARLEY_PUBLIC_URL", "https://chat.example.org")).contact());
        assertNull(read(Map.of("PARLEY_PUBLIC_URL", "http://127.0.0.1:8080")).contact());
        assertNull(read(Map.of()).contact());
        assertEquals(
                "mailto:admin@example.org",
                read(Map.of(
                                "PARLEY_PUBLIC_URL",
                                "https://chat.example.org",
                                "PARLEY_WEB_PUSH_CONTACT",
                                "mailto:admin@example.org"))
                        .contact());
    }

    @Test
    void private_networks_are_closed_unless_opened() {
        assertFalse(read(Map.of()).rules().mayBePrivate());
        assertTrue(read(Map.of("PARLEY_WEB_PUSH_PRIVATE", "true")).rules().mayBePrivate());
    }

    private static WebPushSettings read(Map<String, String> environment) {
        return WebPushSettings.from(new Settings(environment));
    }
}
