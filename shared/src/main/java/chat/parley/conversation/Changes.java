package chat.parley.conversation;

import chat.parley.conversation.ChangeOutcome.DirectIsFixed;
import chat.parley.conversation.ChangeOutcome.Forbidden;
import chat.parley.conversation.ChangeOutcome.NotFound;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageHeads;
import chat.parley.postgres.Postgres;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Map;
import java.util.function.Function;

/**
 * What every change of a conversation begins with: one transaction, the lock of the conversation's row, under which messages get their seq too,
 * and the question whether the one who asks may. So of two changes at once the second sees the first, and no message falls between "still a
 * member" and "no longer". The row is locked before any other, so changes cannot wait for each other in a circle.
 */
final class Changes {
    private final Postgres postgres;
    private final MessageHeads heads;
    private final InstantSource clock;
    private final GroupSizes sizes;

    /** For changes that let nobody in. */
    Changes(Postgres postgres, MessageHeads heads, InstantSource clock) {
        this(postgres, heads, clock, GroupSizes.DEFAULT);
    }

    /** @param clock never goes back, see {@code MonotonicClock} */
    Changes(Postgres postgres, MessageHeads heads, InstantSource clock, GroupSizes sizes) {
        this.heads = heads;
        this.postgres = postgres;
        this.clock = clock;
        this.sizes = sizes;
    }

    /** What is decided and done under the lock. */
    interface Decision {
        /**
         * Decides and writes.
         *
         * @param me the one who asks
         * @param members those of the concerned who are members, by id; the one who asks included
         */
        ChangeOutcome decide(LockedConversation locked, Member me, Map<UserId, Member> members);
    }

    /** A change that {@code actor} makes as a member. */
    ChangeOutcome byMember(
            ConversationId conversation,
            UserId actor,
            Permission permission,
            Collection<UserId> concerned,
            Decision decision) {
        var wanted = new ArrayList<>(concerned);
        wanted.add(actor);
        return locked(conversation, locked -> {
            var members = Conversations.membersAmong(locked.db(), conversation, wanted);
            var me = members.get(actor);
            if (me == null) {
                return new NotFound();
            }
            if (permission.least(locked.type()) == null) {
                return new DirectIsFixed();
            }
            return permission.allows(locked.type(), me.role()) ? decision.decide(locked, me, members) : new Forbidden();
        });
    }

    /** A change by someone who need not be a member. */
    ChangeOutcome locked(ConversationId conversation, Function<LockedConversation, ChangeOutcome> decision) {
        return postgres.inTransaction(db -> LockedConversation.lock(db, conversation, heads, clock, sizes)
                .map(decision)
                .orElseGet(NotFound::new));
    }
}
