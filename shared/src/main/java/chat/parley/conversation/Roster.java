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
 * @param large whether events are told once for all. In such a group the version moves when rights change, not with everyone who comes and goes; a
 *     send is also checked against its sender's own row when it is stored
 * @param departedMillis of a large group: when someone left last, 0 if nobody did
 * @param members everyone, by id; of a large group only those who were asked about
 */
public record Roster(
        ConversationId conversation,
        long version,
        Conversation.Type type,
        Posting posting,
        boolean blocked,
        boolean large,
        long departedMillis,
        Map<UserId, Member> members) {
    /** Most people who are added at once: they are written under the lock that every message waits for, and told one by one. */
    public static final int BATCH_MAX = 1_000;

    /** Most members that a group may have and still be told one by one. */
    static final int MEMBERS_MAX = 1_000;

    /** Of a conversation that is over. */
    public static Roster nobody(ConversationId conversation) {
        return new Roster(conversation, 0, Conversation.Type.GROUP, Posting.EVERYONE, false, false, 0, Map.of());
    }

    /** Whether {@code user} may post: not to nobody, where the other one of a direct conversation was erased. */
    public boolean maySend(UserId user) {
        boolean isDeserted = type == Conversation.Type.DIRECT && members.size() < 2;
        return !blocked && !isDeserted && allows(user, posting.permission());
    }

    /** Whether {@code user} is a member who may. */
    public boolean allows(UserId user, Permission permission) {
        var member = members.get(user);
        return member != null && permission.allows(type, member.role());
    }
}
