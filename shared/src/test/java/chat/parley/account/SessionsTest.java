package chat.parley.account;

import static chat.parley.account.TestAccounts.accepted;
import static chat.parley.account.TestAccounts.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.SessionId;
import chat.parley.testkit.RealPostgres;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SessionsTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private final TestAccounts node = TestAccounts.over(POSTGRES);
    private final Sessions sessions = node.accounts.sessions();

    @AfterEach
    void close() {
        node.close();
    }

    @Test
    void a_token_of_a_session_in_force_names_the_caller() {
        var user = node.somebody();
        var session = sessions.open(user.id(), "curl/8", false);
        var caller = accepted(node.bearer(node.tokenOf(session)));
        assertEquals(user.id(), caller.user());
        assertEquals(session.id(), caller.session());
        assertEquals(Means.BEARER, caller.means());
        assertTrue(caller.until().isAfter(node.clock.instant()));
        assertFalse(caller.until().isAfter(node.clock.instant().plus(AccessTokens.LIFE)));
    }

    @Test
    void an_ended_session_is_refused_at_once_by_the_node_that_ended_it() {
        var session = sessions.open(node.somebody().id(), null, true);
        var token = node.tokenOf(session);
        accepted(node.bearer(token));
        assertTrue(sessions.end(session.user(), session.id()));
        assertRefused(node.bearer(token));
        assertRefused(node.cookie("parley_session=" + cookieOf(session)));
        assertFalse(sessions.end(session.user(), session.id()), "it is over already");
    }

    @Test
    void an_ended_session_is_refused_by_other_nodes_within_five_seconds_also_when_they_hear_nothing() {
        var session = sessions.open(node.somebody().id(), null, false);
        var token = node.tokenOf(session);
        var other = node.otherNode();
        accepted(other.bearer(token));
        sessions.end(session.user(), session.id());
        accepted(other.bearer(token));
        node.clock.advance(Duration.ofSeconds(5)); // no poll meanwhile: what is remembered counts no longer
        assertRefused(other.bearer(token));
    }

    @Test
    void who_is_remembered_is_known_without_asking_while_a_poll_vouches_for_it() {
        var session = sessions.open(node.somebody().id(), null, false);
        var token = node.tokenOf(session);
        var other = node.otherNode();
        assertNull(other.remembered(token), "never seen there");
        var asked = other.bearer(token);
        assertEquals(asked, other.remembered(token));
        assertNull(other.remembered(token + "x"));

        other.clock.advance(Duration.ofSeconds(5));
        assertNull(other.remembered(token), "nobody said meanwhile that it has not ended");
        other.accounts.sessions().live().poll();
        assertEquals(asked, other.remembered(token));

        sessions.end(session.user(), session.id());
        other.accounts.sessions().live().poll();
        assertNull(other.remembered(token));
        assertRefused(other.bearer(token));
    }

    @Test
    void a_poll_tells_which_sessions_ended_elsewhere() {
        var session = sessions.open(node.somebody().id(), null, false);
        var token = node.tokenOf(session);
        var other = node.otherNode();
        accepted(other.bearer(token));
        sessions.end(session.user(), session.id());
        other.accounts.sessions().live().poll();
        assertRefused(other.bearer(token));
    }

    @Test
    void a_refresh_token_is_good_once_and_its_second_use_ends_the_session() {
        var session = sessions.open(node.somebody().id(), null, false);
        var first = session.refreshToken().reveal();
        var second = assertInstanceOf(Refresh.Rotated.class, sessions.refresh(first))
                .next()
                .reveal();
        assertNotEquals(first, second);
        var reused = assertInstanceOf(Refresh.Reused.class, sessions.refresh(first));
        assertEquals(session.id(), reused.session());
        assertInstanceOf(Refresh.Unknown.class, sessions.refresh(second));
        assertEquals(Set.of(session.id()), sessions.endedAmong(List.of(session.id())));
    }

    @Test
    void a_refresh_token_of_many_rotations_ago_ends_the_session_too() {
        var session = sessions.open(node.somebody().id(), null, false);
        var token = session.refreshToken().reveal();
        for (int i = 0; i < 3; i++) {
            token = assertInstanceOf(Refresh.Rotated.class, sessions.refresh(token))
                    .next()
                    .reveal();
        }
        assertInstanceOf(
                Refresh.Reused.class, sessions.refresh(session.refreshToken().reveal()));
        assertInstanceOf(Refresh.Unknown.class, sessions.refresh(token));
    }

    @Test
    void of_many_that_present_one_refresh_token_at_once_at_most_one_is_served() throws Exception {
        var session = sessions.open(node.somebody().id(), null, false);
        var token = session.refreshToken().reveal();
        var outcomes = new ArrayList<Refresh>();
        try (var threads = Executors.newFixedThreadPool(4)) {
            List<Callable<Refresh>> calls = List.of(
                    () -> sessions.refresh(token),
                    () -> sessions.refresh(token),
                    () -> sessions.refresh(token),
                    () -> sessions.refresh(token));
            for (var outcome : threads.invokeAll(calls)) {
                outcomes.add(outcome.get());
            }
        }
        assertEquals(
                1, outcomes.stream().filter(Refresh.Rotated.class::isInstance).count());
        assertEquals(
                1, outcomes.stream().filter(Refresh.Reused.class::isInstance).count());
        assertEquals(Set.of(session.id()), sessions.endedAmong(Set.of(session.id())));
    }

    @Test
    void something_that_is_no_refresh_token_is_unknown() {
        for (var forged : List.of("", "x", "x".repeat(86), "x".repeat(10_000))) {
            assertInstanceOf(Refresh.Unknown.class, sessions.refresh(forged));
        }
    }

    @Test
    void a_session_ends_after_thirty_days_without_use_and_lives_on_with_use() {
        var used = sessions.open(node.somebody().id(), null, true);
        var unused = sessions.open(node.somebody().id(), null, true);
        for (int days = 0; days < 31; days++) {
            node.advance(Duration.ofDays(1));
            accepted(node.cookie("parley_session=" + cookieOf(used)));
        }
        assertRefused(node.cookie("parley_session=" + cookieOf(unused)));
        assertInstanceOf(
                Refresh.Unknown.class, sessions.refresh(unused.refreshToken().reveal()));
        assertEquals(Set.of(unused.id()), sessions.endedAmong(List.of(used.id(), unused.id())));
    }

    @Test
    void a_cookie_planted_beside_ours_makes_both_worthless() {
        var mine = sessions.open(node.somebody().id(), null, true);
        var planted = sessions.open(node.somebody().id(), null, true);
        accepted(node.cookie("theme=dark; parley_session=" + cookieOf(mine)));
        assertRefused(node.cookie("parley_session=" + cookieOf(planted) + "; parley_session=" + cookieOf(mine)));
        assertInstanceOf(Authentication.Missing.class, node.cookie("theme=dark; not_parley_session=1"));
        assertRefused(node.cookie("parley_session="));
    }

    @Test
    void under_https_only_the_cookie_with_the_host_prefix_counts() {
        var session = sessions.open(node.somebody().id(), null, true);
        try (var secure = TestAccounts.over(POSTGRES, null, SessionCookie.SECURE)) {
            accepted(secure.cookie("__Host-parley_session=" + cookieOf(session)));
            assertInstanceOf(Authentication.Missing.class, secure.cookie("parley_session=" + cookieOf(session)));
        }
    }

    @Test
    void a_bad_header_is_not_made_good_by_a_good_cookie() {
        var session = sessions.open(node.somebody().id(), null, true);
        for (var header : List.of("", "Bearer", "Bearer ", "Basic YTpi", "Bearer pk_abc")) {
            assertRefused(node.accounts
                    .authenticator()
                    .authenticate(new Credentials(header, "parley_session=" + cookieOf(session), null)));
        }
    }

    @Test
    void the_list_shows_sessions_in_force_the_last_used_first_with_a_readable_client() {
        var user = node.somebody();
        var first = sessions.open(user.id(), "Fire\r\nfox\0 " + "x".repeat(500), false);
        node.clock.advance(Duration.ofMinutes(1));
        var second = sessions.open(user.id(), null, false);
        var ended = sessions.open(user.id(), "gone", false);
        sessions.end(user.id(), ended.id());
        var list = sessions.of(user.id());
        assertEquals(
                List.of(second.id(), first.id()),
                list.stream().map(SessionInfo::id).toList());
        assertNull(list.getFirst().userAgent());
        var agent = list.getLast().userAgent();
        assertTrue(agent != null && agent.startsWith("Fire  fox") && agent.length() == 200, agent);
    }

    @Test
    void nobody_ends_the_session_of_another() {
        var session = sessions.open(node.somebody().id(), null, false);
        assertFalse(sessions.end(node.somebody().id(), session.id()));
        assertEquals(Set.of(), sessions.endedAmong(List.of(session.id())));
        var unknown = new SessionId(1);
        assertEquals(Set.of(unknown), sessions.endedAmong(List.of(session.id(), unknown)));
    }

    @Test
    void the_hundred_and_first_session_pushes_out_the_least_recently_used() {
        var user = node.somebody();
        var opened = new ArrayList<OpenedSession>();
        for (int i = 0; i <= Sessions.PER_USER_MAX; i++) {
            node.clock.advance(Duration.ofSeconds(1));
            opened.add(sessions.open(user.id(), null, false));
        }
        assertEquals(List.of(opened.getFirst().id()), opened.getLast().pushedOut());
        assertEquals(Sessions.PER_USER_MAX, sessions.of(user.id()).size());
        assertRefused(node.bearer(node.tokenOf(opened.getFirst())));
    }

    @Test
    void no_secret_is_stored() {
        var session = sessions.open(node.somebody().id(), null, true);
        var ticket = node.accounts.tickets().make(accepted(node.bearer(node.tokenOf(session))));
        String stored = node.postgres.with(db -> db.createQuery(
                        "SELECT string_agg(s::text, '') || (SELECT string_agg(t::text, '') FROM stream_ticket t) FROM session s")
                .mapTo(String.class)
                .one());
        for (var secret : List.of(session.refreshToken().reveal(), cookieOf(session), ticket.reveal())) {
            assertFalse(stored.contains(secret));
        }
    }

    private static String cookieOf(OpenedSession session) {
        var cookie = session.cookie();
        if (cookie == null) {
            throw new IllegalArgumentException("opened without a cookie");
        }
        return cookie.reveal();
    }
}
