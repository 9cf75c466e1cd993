/**
 * Push jobs, from the publisher to the notifier, by a Redis Stream with a consumer group.
 */
@NullMarked
package chat.parley.push;

import org.jspecify.annotations.NullMarked;
