package chat.parley.sendapi.conversation;

import chat.parley.account.Users;
import chat.parley.conversation.ChangeOutcome;
import chat.parley.conversation.ConversationChanges;
import chat.parley.conversation.Role;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/** Changes a conversation or its members and tells those concerned. */
public final class ChangeConversation {
    private final Users users;
    private final ConversationChanges changes;
    private final ConversationNews news;

    /** @param users who exists */
    public ChangeConversation(Users users, ConversationChanges changes, ConversationNews news) {
        this.users = users;
        this.changes = changes;
        this.news = news;
    }

    ChangeOutcome rename(ConversationId conversation, UserId actor, String name) {
        return told(conversation, actor, changes.rename(conversation, actor, name));
    }

    /** Those of {@code wanted} who do not exist: ask before {@link #add}. */
    Set<UserId> unknown(Collection<UserId> wanted) {
        var unknown = new HashSet<>(wanted);
        unknown.removeAll(users.existing(wanted));
        return unknown;
    }

    ChangeOutcome add(ConversationId conversation, UserId actor, Collection<UserId> joiners, Role role) {
        return told(conversation, actor, changes.add(conversation, actor, joiners, role));
    }

    ChangeOutcome setRole(ConversationId conversation, UserId actor, UserId member, Role role) {
        return told(conversation, actor, changes.setRole(conversation, actor, member, role));
    }

    ChangeOutcome remove(ConversationId conversation, UserId actor, UserId member) {
        return told(conversation, actor, changes.remove(conversation, actor, member));
    }

    /** Ends the membership of who was erased, in whatever kind of conversation. */
    public void leaveForGood(ConversationId conversation, UserId user) {
        told(conversation, user, changes.leaveForGood(conversation, user));
    }

    private ChangeOutcome told(ConversationId conversation, UserId actor, ChangeOutcome outcome) {
        if (outcome instanceof ChangeOutcome.MembersChanged changed) {
            news.membersChanged(conversation, actor, changed.at(), changed.changes());
        } else if (outcome instanceof ChangeOutcome.Renamed renamed) {
            news.renamed(conversation, actor, renamed.at(), renamed.outboxId());
        }
        return outcome;
    }
}
