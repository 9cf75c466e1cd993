/**
 * Conversations and members over HTTP: {@code ConversationRoutes} and {@code MemberRoutes} turn requests into commands and outcomes into answers,
 * {@code CreateConversation} and {@code ChangeConversation} carry them out, {@code ConversationNews} tells those concerned.
 */
@NullMarked
package chat.parley.sendapi.conversation;

import org.jspecify.annotations.NullMarked;
