package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.util.Map;

/**
 * Who is in a conversation and may post there, at one version. May be older than the truth; a send made from it is stored only if the version
 * still holds.
 *
 * @param posting who may post
 * @param blocked of a direct conversation: one of the two has blocked the other, and neither may send
 * @param members everyone, by id
 */
public record Roster(
        ConversationId conversation,
        long version,
        Conversation.Type type,
        Posting posting,
        boolean blocked,
        Map<UserId, Member> members) {
    /** Most members of a group or channel: each gets an entry of their own for every message. */
    public static final int MEMBERS_MAX = 1_000;

    /** Whether {@code user} may post. */
    public boolean maySend(UserId user) {
        return !blocked && allows(user, posting.permission());
    }

    /** Whether {@code user} is a member who may. */
    public boolean allows(UserId user, Permission permission) {
        var member = members.get(user);
        return member != null && permission.allows(type, member.role());
    }
}
