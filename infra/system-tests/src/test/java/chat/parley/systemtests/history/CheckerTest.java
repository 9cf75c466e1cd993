package chat.parley.systemtests.history;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A good run of two people, and every fault planted into it: a checker that finds nothing proves nothing. */
class CheckerTest {
    private static final String ROOM = "room";

    private final History history = new History();
    private final List<Seen> stored = new ArrayList<>();
    private final Map<String, List<Seen>> conversations = new TreeMap<>(Map.of(ROOM, stored));
    private final Trace annsPhone = history.device("ann's phone", "ann");
    private final Trace bobsPhone = history.device("bob's phone", "bob");

    CheckerTest() {
        annsPhone.ready("new", false);
        bobsPhone.ready("new", false);
        for (long seq = 1; seq <= 3; seq++) {
            var message = message(seq, "k" + seq);
            sent(message, Outcome.UNKNOWN, 0);
            sent(message, Outcome.OK, seq);
            stored.add(message);
            annsPhone.received(message);
        }
        bobsPhone.received(stored.get(0));
        bobsPhone.ready("exact", true);
        bobsPhone.received(stored.get(0));
        bobsPhone.received(stored.get(1));
        bobsPhone.ready("reset", true);
        bobsPhone.reset();
        bobsPhone.loaded(stored.get(2));
    }

    @Test
    void a_good_run_with_retries_duplicates_and_a_reset_is_clean() {
        assertEquals(List.of(), Checker.checkCalm(history, truth()));
    }

    @Test
    void a_lost_acknowledged_message_is_found() {
        stored.remove(2);
        assertBroken(Rule.ACKNOWLEDGED_IS_STORED, Rule.DEVICE_AGREES_WITH_HISTORY);
    }

    @Test
    void a_message_acknowledged_with_another_number_than_stored_is_found() {
        sent(stored.get(2), Outcome.OK, 4);
        assertBroken(Rule.ACKNOWLEDGED_IS_STORED, Rule.ONE_MESSAGE_A_KEY);
    }

    @Test
    void a_message_nobody_sent_is_found() {
        everyoneHas(message(4, "k4"));
        assertBroken(Rule.STORED_WAS_SENT);
    }

    @Test
    void a_refused_message_that_is_stored_is_found() {
        var refused = message(4, "k4");
        sent(refused, Outcome.FAILED, 0);
        everyoneHas(refused);
        assertBroken(Rule.STORED_WAS_SENT);
    }

    @Test
    void an_unanswered_message_may_be_stored_or_not() {
        var unanswered = message(4, "k4");
        sent(unanswered, Outcome.UNKNOWN, 0);
        assertBroken();
        everyoneHas(unanswered);
        assertBroken();
    }

    @Test
    void a_key_stored_twice_is_found() {
        everyoneHas(message(4, "k3"));
        var again = stored.get(3);
        history.attempted(new Attempt(ROOM, again.sender(), again.key(), again.text(), Outcome.UNKNOWN, 0));
        assertBroken(Rule.ONE_MESSAGE_A_KEY);
    }

    @Test
    void a_hole_in_the_numbers_is_found() {
        var skipped = message(5, "k5");
        sent(skipped, Outcome.OK, 5);
        everyoneHas(skipped);
        assertBroken(Rule.NUMBERS_ARE_DENSE);
    }

    @Test
    void a_device_that_saw_other_content_under_a_number_is_found() {
        bobsPhone.received(new Seen(ROOM, 2, "ann", "k2", "changed on the way"));
        assertBroken(Rule.DEVICE_AGREES_WITH_HISTORY);
    }

    @Test
    void a_device_that_misses_a_message_without_a_reset_is_found() {
        var fourth = message(4, "k4");
        sent(fourth, Outcome.OK, 4);
        stored.add(fourth);
        annsPhone.received(fourth);
        assertBroken(Rule.DEVICE_HAS_EVERYTHING);
    }

    @Test
    void a_resume_that_silently_begins_anew_is_found() {
        bobsPhone.ready("new", true);
        assertBroken(Rule.RESUME_IS_HONEST);
    }

    @Test
    void a_message_of_others_on_a_device_is_found() {
        var secret = new Seen("others' room", 1, "eve", "e1", "secret");
        history.attempted(new Attempt("others' room", "eve", "e1", "secret", Outcome.OK, 1));
        conversations.put("others' room", List.of(secret));
        bobsPhone.received(secret);
        assertBroken(Rule.ONLY_MEMBERS_RECEIVE);
    }

    @Test
    void messages_in_the_wrong_order_are_found_in_a_calm_run() {
        for (long seq = 4; seq <= 5; seq++) {
            var message = message(seq, "k" + seq);
            sent(message, Outcome.OK, seq);
            stored.add(message);
            bobsPhone.received(message);
        }
        annsPhone.received(stored.get(4));
        annsPhone.received(stored.get(3));
        assertBroken();
        assertEquals(
                List.of(Rule.LIVE_IS_IN_ORDER),
                Checker.checkCalm(history, truth()).stream()
                        .map(Violation::rule)
                        .toList());
    }

    @Test
    void every_rule_says_what_broke_it() {
        stored.clear();
        for (var violation : Checker.check(history, truth()))
            assertFalse(violation.what().isBlank());
    }

    private void assertBroken(Rule... rules) {
        var found = EnumSet.noneOf(Rule.class);
        Checker.check(history, truth()).forEach(violation -> found.add(violation.rule()));
        assertEquals(Set.of(rules), found);
    }

    private Truth truth() {
        return new Truth(conversations, Map.of(ROOM, Set.of("ann", "bob"), "others' room", Set.of("eve")));
    }

    private void everyoneHas(Seen message) {
        stored.add(message);
        annsPhone.received(message);
        bobsPhone.received(message);
    }

    private void sent(Seen message, Outcome outcome, long seq) {
        history.attempted(new Attempt(ROOM, message.sender(), message.key(), message.text(), outcome, seq));
    }

    private static Seen message(long seq, String key) {
        return new Seen(ROOM, seq, "ann", key, "text of " + key);
    }
}
