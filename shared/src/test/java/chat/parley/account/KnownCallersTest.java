package chat.parley.account;

import static chat.parley.account.TestAccounts.accepted;
import static chat.parley.account.TestAccounts.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import chat.parley.testkit.RealPostgres;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is told from memory alone is never more than what would be found out by asking. */
class KnownCallersTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private final TestAccounts node = TestAccounts.over(POSTGRES);
    private final Sessions sessions = node.accounts.sessions();
    private OpenedSession session;
    private Credentials bearer;

    @BeforeEach
    void logIn() {
        session = sessions.open(node.somebody().id(), null, true);
        bearer = new Credentials("Bearer " + node.tokenOf(session), null, null);
    }

    @AfterEach
    void close() {
        node.close();
    }

    private String cookie() {
        return "parley_session=" + Objects.requireNonNull(session.cookie()).reveal();
    }

    private static Authentication.@Nullable Accepted known(TestAccounts where, Credentials credentials) {
        return where.accounts.authenticator().known(credentials);
    }

    @Test
    void who_was_judged_once_is_known_and_as_the_same() {
        var other = node.otherNode();
        assertNull(known(other, bearer));
        var judged = accepted(other.accounts.authenticator().authenticate(bearer));
        var known = known(other, bearer);
        assertNotNull(known);
        assertEquals(judged, known.caller());
    }

    @Test
    void a_cookie_is_known_too() {
        var cookie = new Credentials(null, cookie(), null);
        var other = node.otherNode();
        assertNull(known(other, cookie));
        var judged = accepted(other.accounts.authenticator().authenticate(cookie));
        var known = known(other, cookie);
        assertNotNull(known);
        assertEquals(judged, known.caller());
    }

    @Test
    void an_ended_session_is_not_known_to_the_node_that_ended_it_nor_to_others_that_were_told() {
        var other = node.otherNode();
        accepted(node.accounts.authenticator().authenticate(bearer));
        accepted(other.accounts.authenticator().authenticate(bearer));
        sessions.end(session.user(), session.id());
        assertNull(known(node, bearer));
        other.accounts.sessions().live().poll();
        assertNull(known(other, bearer));
    }

    @Test
    void nobody_is_known_while_the_node_cannot_learn_which_sessions_ended() {
        accepted(node.accounts.authenticator().authenticate(bearer));
        node.clock.advance(Duration.ofSeconds(5)); // and no poll
        assertNull(known(node, bearer));
        accepted(node.accounts.authenticator().authenticate(bearer));
    }

    @Test
    void a_token_that_ran_out_is_not_known() {
        accepted(node.accounts.authenticator().authenticate(bearer));
        node.advance(AccessTokens.LIFE);
        assertNull(known(node, bearer));
        assertRefused(node.accounts.authenticator().authenticate(bearer));
    }

    @Test
    void what_offers_something_else_is_left_to_who_may_ask() {
        accepted(node.accounts.authenticator().authenticate(bearer));
        String cookie = cookie();
        for (var other : new Credentials[] {
            new Credentials(null, null, null),
            new Credentials("Basic abc", cookie, null),
            new Credentials("Bearer nonsense", cookie, null),
            new Credentials(null, cookie, "a-ticket")
        }) {
            assertNull(known(node, other), other.toString());
        }
    }
}
