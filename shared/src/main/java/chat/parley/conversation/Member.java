package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.time.Instant;

/**
 * One person's membership.
 *
 * @param joinedSeq the first message this member sees
 */
public record Member(ConversationId conversation, UserId user, Role role, Instant joinedAt, long joinedSeq) {}
