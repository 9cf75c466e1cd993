/**
 * Sending messages and reading history. {@code MessageRoutes} speaks HTTP, {@code SendMessage} holds the rule: checked against a roster, stored
 * by {@code MessageStore}, published by {@code EventLog}, and queued for a push where nobody was connected. Owns no data.
 */
@NullMarked
package chat.parley.sendapi.message;

import org.jspecify.annotations.NullMarked;
