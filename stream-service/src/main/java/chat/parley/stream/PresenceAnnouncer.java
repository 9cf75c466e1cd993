package chat.parley.stream;

import chat.parley.event.EphemeralEvent.PresenceChanged;
import chat.parley.event.EventLog;
import chat.parley.presence.PresenceAudience;
import chat.parley.presence.PresenceLeases;
import chat.parley.presence.PresenceState;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells peers who came and who went. Every node looks, and each person is claimed by one of them. What cannot be told is left claimed: another
 * look, here or elsewhere, finds it again.
 */
final class PresenceAnnouncer {
    /** People looked at in one go: one query for the peers of all who changed. */
    static final int CLAIM_MAX = 200;

    /** Rounds of one look: a node announces no faster than a thousand a second, whatever happened. */
    private static final int ROUNDS_MAX = 5;

    private final PresenceLeases leases;
    private final PresenceAudience audience;
    private final EventLog log;
    private final InstantSource clock;
    private final PresenceMeters meters;

    PresenceAnnouncer(
            PresenceLeases leases,
            PresenceAudience audience,
            EventLog log,
            InstantSource clock,
            PresenceMeters meters) {
        this.leases = leases;
        this.audience = audience;
        this.log = log;
        this.clock = clock;
        this.meters = meters;
    }

    /** Looks at whoever is due. Blocks. */
    void look() {
        for (int round = 0; round < ROUNDS_MAX; round++) {
            var claim = leases.claim(CLAIM_MAX);
            if (!claim.people().isEmpty()) {
                leases.settle(told(claim.people()), claim.score());
            }
            if (claim.people().size() < CLAIM_MAX) {
                return;
            }
        }
    }

    /** Those of whom everything is told that is to be told. */
    private List<PresenceState> told(List<PresenceState> people) {
        var news = people.stream().filter(PresenceState::isNews).toList();
        if (news.isEmpty()) {
            return people;
        }
        var peers =
                audience.peers(news.stream().map(state -> state.shown().user()).toList());
        var told = new ArrayList<PresenceState>();
        for (var state : people) {
            if (!state.isNews()) {
                told.add(state);
                continue;
            }
            var presence = state.shown();
            var event = new PresenceChanged(presence, clock.instant());
            if (log.tellLive(event, peers.getOrDefault(presence.user(), List.of()))) {
                meters.announced(presence.status());
                told.add(state);
            }
        }
        return told;
    }
}
