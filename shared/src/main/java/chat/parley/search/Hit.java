package chat.parley.search;

import chat.parley.id.ConversationId;
import java.time.Instant;

/**
 * A message that the index names, and its place in the order.
 *
 * @param rank how well it fits; 0 where that was not asked
 * @param at when it was sent
 */
public record Hit(ConversationId conversation, long seq, float rank, Instant at) {}
