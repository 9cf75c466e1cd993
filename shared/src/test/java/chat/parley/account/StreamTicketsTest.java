package chat.parley.account;

import static chat.parley.account.TestAccounts.accepted;
import static chat.parley.account.TestAccounts.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import chat.parley.id.DeviceId;
import chat.parley.push.DeviceState;
import chat.parley.push.Devices;
import chat.parley.push.PushTarget;
import chat.parley.testkit.RealPostgres;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class StreamTicketsTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private static final DeviceId PHONE = new DeviceId("phone");

    private final TestAccounts node = TestAccounts.over(POSTGRES);
    private final OpenedSession session =
            node.accounts.sessions().open(node.somebody().id(), null, false);
    private final Caller caller = accepted(node.bearer(node.tokenOf(session)));

    @AfterEach
    void close() {
        node.close();
    }

    @Test
    void a_ticket_used_in_time_is_good_until_its_session_ends() {
        var ticket = node.accounts.tickets().make(caller).reveal();
        node.advance(Duration.ofSeconds(29));
        var user = accepted(node.ticket(ticket));
        assertEquals(caller.user(), user.user());
        assertEquals(caller.session(), user.session());
        assertEquals(Means.TICKET, user.means());
        node.advance(Duration.ofDays(3));
        accepted(node.ticket(ticket));
        accepted(node.otherNode().ticket(ticket));
        node.accounts.sessions().end(session.user(), session.id());
        assertRefused(node.ticket(ticket));
        assertRefused(node.otherNode().ticket(ticket));
    }

    @Test
    void a_ticket_unused_for_thirty_seconds_opens_nothing() {
        var ticket = node.accounts.tickets().make(caller).reveal();
        node.advance(Duration.ofSeconds(30));
        assertRefused(node.ticket(ticket));
        assertRefused(node.ticket(""));
        assertRefused(node.ticket("x".repeat(10_000)));
    }

    @Test
    void a_ticket_of_someone_without_a_session_ends_with_their_token() {
        var outside = new Caller(caller.user(), null, node.clock.instant().plusSeconds(60), Means.BEARER);
        var ticket = node.accounts.tickets().make(outside).reveal();
        assertNull(accepted(node.ticket(ticket)).session());
        node.advance(Duration.ofSeconds(60));
        assertRefused(node.ticket(ticket));
    }

    @Test
    void the_cleanup_deletes_what_is_over_and_nothing_else() {
        node.postgres.<Integer, RuntimeException>with(db ->
                db.execute("DELETE FROM session WHERE id <> ?", session.id().value()));
        node.postgres.<Integer, RuntimeException>with(db -> db.execute("DELETE FROM stream_ticket"));
        var used = node.accounts.tickets().make(caller).reveal();
        accepted(node.ticket(used));
        var unused = node.accounts.tickets().make(caller).reveal();
        var ended = node.accounts.sessions().open(node.somebody().id(), null, false);
        node.accounts.sessions().end(ended.user(), ended.id());
        node.postgres.<Integer, RuntimeException>with(db -> db.execute(
                "UPDATE session SET ended_at = ended_at - interval '25 hours' WHERE id = ?",
                ended.id().value()));
        var devices = new Devices(node.postgres, node.clock);
        for (var each : List.of(session, ended)) {
            var target = new PushTarget.Fcm("of " + each.id());
            devices.put(each.user(), PHONE, each.id(), target, Locale.ENGLISH, DeviceState.FOREGROUND);
        }
        node.advance(Duration.ofMinutes(6));
        var cleanup = new AccountCleanup(node.postgres, node.clock);
        assertEquals(2, cleanup.step());
        assertEquals(0, cleanup.step());
        assertEquals(1, count("device"), "it goes with its login");
        assertEquals(1, devices.of(session.user()).size());
        accepted(node.ticket(used));
        assertRefused(node.ticket(unused));
        node.advance(Sessions.LIFE.plusDays(2));
        cleanup.run();
        assertEquals(0, count("session"));
        assertEquals(0, count("device"));
        assertEquals(0, count("stream_ticket"));
    }

    private int count(String table) {
        return node.postgres.<Integer, RuntimeException>with(db -> db.createQuery("SELECT count(*) FROM " + table)
                .mapTo(Integer.class)
                .one());
    }
}
