package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.time.Instant;

/**
 * How far a member has received and read.
 *
 * @param at of the last move
 */
public record MembersMarks(ConversationId conversation, UserId user, long readSeq, long deliveredSeq, Instant at) {
    /**
     * Most members of a conversation whose marks are told to everybody. Each member marks each message, so what is told grows with the square;
     * in larger ones a mark is told to the reader's own devices, and who has read is asked for.
     */
    public static final int TOLD_MEMBERS_MAX = 256;
}
