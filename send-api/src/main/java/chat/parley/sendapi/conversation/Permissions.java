package chat.parley.sendapi.conversation;

import chat.parley.conversation.Conversations;
import chat.parley.conversation.Membership;
import chat.parley.conversation.Permission;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;

/** Asks before something is read. What changes something is asked again where it is decided, under the lock. */
public final class Permissions {
    private final Conversations conversations;

    /** Asks the database each time: who was just removed must not read on. */
    public Permissions(Conversations conversations) {
        this.conversations = conversations;
    }

    /**
     * The membership of {@code user}.
     *
     * @throws ProblemException 404 for who is no member, 403 for who may not, 409 where nobody may in a direct conversation
     */
    public Membership check(ConversationId conversation, UserId user, Permission permission) {
        var found = conversations.find(conversation, user).orElseThrow(() -> new ProblemException(Fault.NOT_FOUND));
        var type = found.conversation().type();
        if (permission.least(type) == null) {
            throw new ProblemException(Fault.DIRECT_IS_FIXED);
        }
        if (!permission.allows(type, found.me().member().role())) {
            throw new ProblemException(Fault.FORBIDDEN);
        }
        return found;
    }
}
