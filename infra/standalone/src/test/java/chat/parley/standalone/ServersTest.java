package chat.parley.standalone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.ops.Secret;
import chat.parley.postgres.Postgres;
import java.net.URI;
import org.junit.jupiter.api.Test;

class ServersTest {
    @Test
    void an_address_as_tools_write_it_becomes_one_for_the_driver() {
        assertEquals(
                new Postgres.Address("jdbc:postgresql://db:5433/chat?sslmode=require", "ann", new Secret("a:b@c")),
                addressOf("postgresql://ann:a:b%40c@db:5433/chat?sslmode=require"));
        assertEquals(new Postgres.Address("jdbc:postgresql://db/chat", null, null), addressOf("postgres://db/chat"));
        assertEquals(
                new Postgres.Address("jdbc:postgresql://db/chat", "ann", null), addressOf("postgres://ann@db/chat"));
    }

    @Test
    void an_address_of_the_driver_is_left_as_it_is() {
        var given = "jdbc:postgresql://one,two/chat?user=ann";
        assertEquals(new Postgres.Address(given, null, null), addressOf(given));
    }

    @Test
    void what_is_no_address_is_refused_by_the_options_name_and_without_a_password() {
        var refused = assertThrows(IllegalArgumentException.class, () -> addressOf("db/secret"));
        assertTrue(String.valueOf(refused.getMessage()).startsWith("--postgres"));
        assertTrue(!String.valueOf(refused.getMessage()).contains("secret"));
    }

    private static Postgres.Address addressOf(String given) {
        return Servers.address(URI.create(given));
    }
}
