/**
 * What a stream carries: events, their JSON, cursors, and the Redis Streams they live in.
 */
@NullMarked
package chat.parley.event;

import org.jspecify.annotations.NullMarked;
