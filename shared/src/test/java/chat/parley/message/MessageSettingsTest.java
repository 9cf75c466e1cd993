package chat.parley.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.ops.Settings;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MessageSettingsTest {
    private static final Map<String, String> RING =
            Map.of("PARLEY_MESSAGES", "cassandra", "PARLEY_CASSANDRA_CONTACTS", "one.example, two.example:9043");

    @Test
    void without_a_word_messages_are_in_postgresql() {
        assertNull(MessageSettings.from(new Settings(Map.of())).cassandra());
        var unused = new Settings(Map.of("PARLEY_CASSANDRA_CONTACTS", "one.example", "PARLEY_CASSANDRA_TLS", "on"));
        assertNull(MessageSettings.from(unused).cassandra());
        unused.refuseUnknown(); // known, though of no effect
    }

    @Test
    void a_ring_has_contacts_and_defaults() {
        var address = MessageSettings.from(new Settings(RING)).cassandra();
        assertNotNull(address);
        assertEquals("one.example", address.contacts().getFirst().getHostString());
        assertEquals(9042, address.contacts().getFirst().getPort());
        assertEquals(9043, address.contacts().getLast().getPort());
        assertEquals("datacenter1", address.dataCenter());
        assertEquals("parley", address.keyspace());
        assertEquals(3, address.replicas());
        assertFalse(address.tls());
    }

    @Test
    void a_bad_value_is_named_and_a_secret_is_not_told() {
        assertRefused("PARLEY_MESSAGES", "mysql");
        assertRefused("PARLEY_CASSANDRA_CONTACTS", "");
        assertRefused("PARLEY_CASSANDRA_CONTACTS", "one.example,,two.example");
        assertRefused("PARLEY_CASSANDRA_CONTACTS", "one.example/x");
        assertRefused("PARLEY_CASSANDRA_KEYSPACE", "My-Keyspace");
        assertRefused("PARLEY_CASSANDRA_REPLICAS", "0");
        assertRefused("PARLEY_CASSANDRA_USER", "ann");
        assertFalse(assertRefused("PARLEY_CASSANDRA_PASSWORD", "hunter2").contains("hunter2"));
    }

    private static String assertRefused(String name, String value) {
        var environment = new HashMap<>(RING);
        environment.put(name, value);
        var settings = new Settings(environment);
        var refusal = assertThrows(IllegalArgumentException.class, () -> MessageSettings.from(settings));
        var message = String.valueOf(refusal.getMessage());
        assertTrue(message.contains(name), message);
        return message;
    }
}
