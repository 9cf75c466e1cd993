/**
 * Conversations and their members.
 *
 * <p>PostgreSQL {@code conversation} and {@code member}. A member row is never deleted while the conversation lives: leaving stamps
 * {@code left_seq}, so that it stays decidable who could see which message. The columns {@code last_seq} and {@code last_at} of
 * {@code conversation} belong to {@code chat.parley.message}: the row is where a message and a membership change meet.
 * {@code ban} and {@code invite} are written under its lock, too. What may be done is decided in {@code Permission}.
 */
@NullMarked
package chat.parley.conversation;

import org.jspecify.annotations.NullMarked;
