package chat.parley.systemtests.history;

import chat.parley.systemtests.history.Trace.Observation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Compares what was recorded with what is stored; each rule is one method. */
public final class Checker {
    private final History history;
    private final Truth truth;
    private final List<Violation> violations = new ArrayList<>();

    private Checker(History history, Truth truth) {
        this.history = history;
        this.truth = truth;
    }

    /** Every violation of the rules that hold always. */
    public static List<Violation> check(History history, Truth truth) {
        var checker = new Checker(history, truth);
        checker.acknowledgedIsStored();
        checker.storedWasSent();
        checker.oneMessageAKey();
        checker.numbersAreDense();
        for (var trace : history.traces()) {
            checker.deviceAgrees(trace);
            checker.deviceHasEverything(trace);
            checker.resumeIsHonest(trace);
            checker.onlyMembersReceive(trace);
        }
        return checker.violations;
    }

    /** As {@link #check}, and the order of arrival too: for runs in which nothing is broken. */
    public static List<Violation> checkCalm(History history, Truth truth) {
        var checker = new Checker(history, truth);
        history.traces().forEach(checker::liveIsInOrder);
        checker.violations.addAll(check(history, truth));
        return checker.violations;
    }

    private void acknowledgedIsStored() {
        var stored = allStored();
        for (var attempt : history.attempts()) {
            if (attempt.outcome() == Outcome.OK && !stored.contains(attempt.acknowledged())) {
                broken(Rule.ACKNOWLEDGED_IS_STORED, attempt.acknowledged() + " was acknowledged and is not in history");
            }
        }
    }

    private void storedWasSent() {
        record Content(String conversation, String sender, String key, String text) {}
        var possible = new HashSet<Content>();
        for (var attempt : history.attempts()) {
            if (attempt.outcome() != Outcome.FAILED) {
                possible.add(new Content(attempt.conversation(), attempt.sender(), attempt.key(), attempt.text()));
            }
        }
        for (var message : allStored()) {
            if (!possible.contains(
                    new Content(message.conversation(), message.sender(), message.key(), message.text()))) {
                broken(Rule.STORED_WAS_SENT, message + " is in history, but nobody sent it or it was refused");
            }
        }
    }

    private void oneMessageAKey() {
        record Key(String conversation, String sender, String key) {}
        var places = new HashMap<Key, Set<Long>>();
        for (var message : allStored()) {
            places.computeIfAbsent(
                            new Key(message.conversation(), message.sender(), message.key()), k -> new HashSet<>())
                    .add(message.seq());
        }
        for (var attempt : history.attempts()) {
            if (attempt.outcome() == Outcome.OK) {
                places.computeIfAbsent(
                                new Key(attempt.conversation(), attempt.sender(), attempt.key()), k -> new HashSet<>())
                        .add(attempt.seq());
            }
        }
        places.forEach((key, numbers) -> {
            if (numbers.size() > 1) broken(Rule.ONE_MESSAGE_A_KEY, key + " has the numbers " + numbers);
        });
    }

    private void numbersAreDense() {
        truth.stored().forEach((conversation, messages) -> {
            long expected = 1;
            for (var message : messages) {
                if (message.seq() != expected) {
                    broken(
                            Rule.NUMBERS_ARE_DENSE,
                            conversation + " has " + message.seq() + " where " + expected + " is due");
                }
                expected = message.seq() + 1;
            }
        });
    }

    private void deviceAgrees(Trace trace) {
        var stored = allStored();
        for (var observation : trace.observations()) {
            var message = messageOf(observation);
            if (message != null && truth.stored().containsKey(message.conversation()) && !stored.contains(message)) {
                broken(
                        Rule.DEVICE_AGREES_WITH_HISTORY,
                        trace.device() + " saw " + message + ", which is not in history");
            }
        }
    }

    private void deviceHasEverything(Trace trace) {
        truth.stored().forEach((conversation, messages) -> {
            if (!membersOf(conversation).contains(trace.user())) return;
            var missing = messages.stream()
                    .map(Seen::seq)
                    .filter(seq -> !trace.has(conversation, seq))
                    .toList();
            if (!missing.isEmpty()) {
                broken(
                        Rule.DEVICE_HAS_EVERYTHING,
                        trace.device() + " misses " + missing + " of " + messages.size() + " in " + conversation);
            }
        });
    }

    private void resumeIsHonest(Trace trace) {
        for (var observation : trace.observations()) {
            if (observation instanceof Observation.Ready ready
                    && ready.hadCursor() == ready.resumed().equals("new")) {
                broken(
                        Rule.RESUME_IS_HONEST,
                        trace.device() + (ready.hadCursor() ? " gave a" : " gave no") + " cursor and was told "
                                + ready.resumed());
            }
        }
    }

    private void onlyMembersReceive(Trace trace) {
        for (var observation : trace.observations()) {
            var message = messageOf(observation);
            if (message != null && !membersOf(message.conversation()).contains(trace.user())) {
                broken(Rule.ONLY_MEMBERS_RECEIVE, trace.device() + " saw " + message + " of a conversation of others");
            }
        }
    }

    private void liveIsInOrder(Trace trace) {
        var newest = new HashMap<String, Long>();
        var seen = new HashSet<Seen>();
        for (var observation : trace.observations()) {
            if (observation instanceof Observation.Received received && seen.add(received.message())) {
                var message = received.message();
                long before = newest.getOrDefault(message.conversation(), 0L);
                if (message.seq() < before) {
                    broken(Rule.LIVE_IS_IN_ORDER, trace.device() + " saw " + message + " after " + before);
                }
                newest.put(message.conversation(), message.seq());
            }
        }
    }

    private static @Nullable Seen messageOf(Observation observation) {
        return switch (observation) {
            case Observation.Received received -> received.message();
            case Observation.Loaded loaded -> loaded.message();
            case Observation.Ready ready -> null;
            case Observation.Reset reset -> null;
        };
    }

    private Set<String> membersOf(String conversation) {
        return truth.members().getOrDefault(conversation, Set.of());
    }

    private Set<Seen> allStored() {
        var all = new HashSet<Seen>();
        for (Map.Entry<String, List<Seen>> conversation : truth.stored().entrySet()) {
            all.addAll(conversation.getValue());
        }
        return all;
    }

    private void broken(Rule rule, String what) {
        violations.add(new Violation(rule, what));
    }
}
