package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.time.Instant;

/**
 * One person's membership.
 *
 * @param joinedSeq the first message this member sees
 * @param readSeq how far this member has read; as old as this record, for marks move without a change of members
 * @param deliveredSeq how far this member has received, never less than read
 */
public record Member(
        ConversationId conversation,
        UserId user,
        Role role,
        Instant joinedAt,
        long joinedSeq,
        long readSeq,
        long deliveredSeq) {

    /** Someone who joins now and sees nothing of before: what was said then counts as read. */
    public Member(ConversationId conversation, UserId user, Role role, Instant joinedAt, long joinedSeq) {
        this(conversation, user, role, joinedAt, joinedSeq, joinedSeq - 1, joinedSeq - 1);
    }

    /** The same in another role. */
    Member withRole(Role other) {
        return new Member(conversation, user, other, joinedAt, joinedSeq, readSeq, deliveredSeq);
    }
}
