package chat.parley.sendapi.typing;

import chat.parley.conversation.Conversations;
import chat.parley.conversation.Roster;
import chat.parley.event.EphemeralEvent.TypingStarted;
import chat.parley.event.EventLog;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.presence.TypingPace;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;

/** Tells the other members that someone writes. Knows nothing of HTTP. */
public final class Typing {
    /** In larger groups someone always types, and a sign to everybody costs more than it says. */
    static final int MEMBERS_MAX = 256;

    /**
     * Who was a member may be told, and heard, for so much longer on other nodes. The cache of rosters by itself has no age, because a send names its
     * version; a sign is checked by nothing else.
     */
    static final Duration ROSTER_AGE_MAX = Duration.ofSeconds(30);

    /** Conversations whose roster is known to be recent; some 100 bytes each. */
    private static final int RECENT_MAX = 50_000;

    private final Conversations conversations;
    private final EventLog events;
    private final TypingPace pace;
    private final InstantSource clock;
    private final Cache<ConversationId, Boolean> recent;

    /** @param ticker for the age of rosters */
    public Typing(Conversations conversations, EventLog events, TypingPace pace, InstantSource clock, Ticker ticker) {
        this.conversations = conversations;
        this.events = events;
        this.pace = pace;
        this.clock = clock;
        this.recent = Caffeine.newBuilder()
                .ticker(ticker)
                .expireAfterWrite(ROSTER_AGE_MAX)
                .maximumSize(RECENT_MAX)
                .build();
    }

    /** Tells whoever is to be told; false when {@code user} is no member. What cannot be told now is not told. */
    boolean started(ConversationId conversation, UserId user) {
        var roster = rosterWith(user, conversation);
        if (roster.isEmpty()) {
            return false;
        }
        if (isHeard(roster.get(), user) && !events.isBusy() && isDue(conversation, user)) {
            var others = roster.get().members().keySet().stream()
                    .filter(member -> !member.equals(user))
                    .toList();
            events.tellLive(new TypingStarted(conversation, user, clock.instant()), others);
        }
        return true;
    }

    /** Whether anybody is told. What may not be said, since only admins post or one of two blocks the other, is not announced either. */
    private static boolean isHeard(Roster roster, UserId user) {
        return roster.maySend(user) && !roster.large() && roster.members().size() <= MEMBERS_MAX;
    }

    private boolean isDue(ConversationId conversation, UserId user) {
        try {
            return pace.isDue(conversation, user);
        } catch (StoreUnavailable e) {
            return false; // nobody could be told either
        }
    }

    /** A "yes" may be a little old, a "no" is asked again: who just joined may type. */
    private Optional<Roster> rosterWith(UserId user, ConversationId conversation) {
        if (recent.getIfPresent(conversation) != null) {
            var known = conversations.roster(conversation, Set.of(user)).filter(roster -> isIn(roster, user));
            if (known.isPresent()) {
                return known;
            }
        }
        var fresh = conversations.freshRoster(conversation, Set.of(user));
        if (fresh.isPresent()) {
            recent.put(conversation, true);
        }
        return fresh.filter(roster -> isIn(roster, user));
    }

    private static boolean isIn(Roster roster, UserId user) {
        return roster.members().containsKey(user);
    }
}
