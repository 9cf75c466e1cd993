package chat.parley.sendapi.message;

import chat.parley.conversation.Conversations;
import chat.parley.conversation.Roster;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Lets a member act on a conversation. The roster a rule was checked against may be older than the truth; the store carries the write out only if it
 * still holds, and this reads it anew and tries again where it does not.
 */
final class RosterGuard {
    /** Each attempt fails only if members changed since the roster was read, a moment before. */
    private static final int ATTEMPTS_MAX = 5;

    private final Conversations conversations;

    RosterGuard(Conversations conversations) {
        this.conversations = conversations;
    }

    /** Something to be done by the roster. */
    @FunctionalInterface
    interface Attempt<T> {
        /**
         * Does it, or refuses.
         *
         * @param isFresh whether the roster was just read; if it was not, nothing may be refused by it
         * @return empty when the roster did not hold, or would have to be fresh
         */
        Optional<T> by(Roster roster, boolean isFresh);
    }

    /**
     * What {@code attempt} answers.
     *
     * @param concerned the others whose membership matters: in a large group the roster names nobody else
     * @param stranger the answer to who is no member
     * @param busy the answer when members change so fast that no roster holds
     */
    <T> T run(
            UserId actor,
            ConversationId conversation,
            Collection<UserId> concerned,
            Attempt<T> attempt,
            T stranger,
            T busy) {
        var asked = new HashSet<>(concerned);
        asked.add(actor);
        var roster = rosterWith(actor, conversation, asked);
        for (int i = 0; roster.isPresent() && i < ATTEMPTS_MAX; i++) {
            var outcome = attempt.by(roster.get(), i > 0 || roster.get().large());
            if (outcome.isPresent()) {
                return outcome.get();
            }
            roster = fresh(actor, conversation, asked);
        }
        return roster.isPresent() ? busy : stranger;
    }

    /** A "yes" may come from the cache: the store checks the version. A "no" is asked again, for it is not. */
    private Optional<Roster> rosterWith(UserId actor, ConversationId conversation, Set<UserId> asked) {
        var cached = conversations.roster(conversation, asked);
        if (cached.isPresent() && cached.get().members().containsKey(actor)) {
            return cached;
        }
        return fresh(actor, conversation, asked);
    }

    private Optional<Roster> fresh(UserId actor, ConversationId conversation, Set<UserId> asked) {
        return conversations
                .freshRoster(conversation, asked)
                .filter(roster -> roster.members().containsKey(actor));
    }
}
