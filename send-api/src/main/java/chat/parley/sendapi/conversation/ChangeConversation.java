package chat.parley.sendapi.conversation;

import chat.parley.account.Users;
import chat.parley.conversation.Bans;
import chat.parley.conversation.ChangeOutcome;
import chat.parley.conversation.ConversationChanges;
import chat.parley.conversation.Role;
import chat.parley.conversation.SettingsChange;
import chat.parley.conversation.SettingsChanges;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/** Changes a conversation or its members and tells those concerned. */
public final class ChangeConversation {
    private final Users users;
    private final ConversationChanges members;
    private final SettingsChanges settings;
    private final Bans bans;
    private final ConversationNews news;

    /** @param users who exists */
    public ChangeConversation(
            Users users, ConversationChanges members, SettingsChanges settings, Bans bans, ConversationNews news) {
        this.users = users;
        this.members = members;
        this.settings = settings;
        this.bans = bans;
        this.news = news;
    }

    ChangeOutcome set(ConversationId conversation, UserId actor, SettingsChange change) {
        return told(conversation, actor, settings.set(conversation, actor, change));
    }

    ChangeOutcome pin(ConversationId conversation, UserId actor, long seq) {
        return told(conversation, actor, settings.pin(conversation, actor, seq));
    }

    ChangeOutcome unpin(ConversationId conversation, UserId actor, long seq) {
        return told(conversation, actor, settings.unpin(conversation, actor, seq));
    }

    ChangeOutcome delete(ConversationId conversation, UserId actor) {
        return told(conversation, actor, settings.delete(conversation, actor));
    }

    /** Those of {@code wanted} who do not exist: ask before {@link #add} and {@link #ban}. */
    Set<UserId> unknown(Collection<UserId> wanted) {
        var unknown = new HashSet<>(wanted);
        unknown.removeAll(users.existing(wanted));
        return unknown;
    }

    ChangeOutcome add(ConversationId conversation, UserId actor, Collection<UserId> joiners, Role role) {
        return told(conversation, actor, members.add(conversation, actor, joiners, role));
    }

    ChangeOutcome join(ConversationId conversation, UserId joiner) {
        return told(conversation, joiner, members.join(conversation, joiner));
    }

    ChangeOutcome setRole(ConversationId conversation, UserId actor, UserId member, Role role) {
        return told(conversation, actor, members.setRole(conversation, actor, member, role));
    }

    ChangeOutcome remove(ConversationId conversation, UserId actor, UserId member) {
        return told(conversation, actor, members.remove(conversation, actor, member));
    }

    ChangeOutcome ban(ConversationId conversation, UserId actor, UserId user) {
        return told(conversation, actor, bans.ban(conversation, actor, user));
    }

    ChangeOutcome unban(ConversationId conversation, UserId actor, UserId user) {
        return told(conversation, actor, bans.unban(conversation, actor, user));
    }

    /** Ends the membership of who was erased, in whatever kind of conversation. */
    public void leaveForGood(ConversationId conversation, UserId user) {
        told(conversation, user, members.leaveForGood(conversation, user));
    }

    /** Tells what came of a change, whoever made it; answers it again. */
    ChangeOutcome told(ConversationId conversation, UserId actor, ChangeOutcome outcome) {
        if (outcome instanceof ChangeOutcome.MembersChanged changed) {
            news.membersChanged(conversation, actor, changed.at(), changed.changes());
            if (changed.largeOutboxId() != 0) {
                news.becameLarge(conversation, actor, changed.at(), changed.largeOutboxId());
            }
            if (changed.notice() != null) {
                news.noticed(changed.notice());
            }
        } else if (outcome instanceof ChangeOutcome.Updated updated) {
            news.updated(conversation, actor, updated.at(), updated.outboxId());
            if (updated.notice() != null) {
                news.noticed(updated.notice());
            }
        }
        return outcome;
    }
}
