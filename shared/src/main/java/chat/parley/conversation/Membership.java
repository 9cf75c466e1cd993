package chat.parley.conversation;

import chat.parley.message.MessageHead;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A conversation together with one person's own membership in it.
 *
 * @param updatedAt of the conversation's creation or last change of its own object; the event that tells of it carries the same time
 */
public record Membership(Conversation conversation, Instant updatedAt, MemberState me, Notifications notifications) {
    Membership withHead(@Nullable MessageHead head) {
        return head == null ? this : new Membership(conversation.withHead(head), updatedAt, me, notifications);
    }

    Membership withMembers(List<Member> members) {
        return new Membership(conversation.withMembers(members), updatedAt, me, notifications);
    }
}
