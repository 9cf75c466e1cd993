/**
 * The receive side: one resumable stream a device, as Server-Sent Events or by long-poll.
 *
 * <p>Owns nothing durable. A connection's state is its cursor and what waits for its socket; everything else is read from the user's Redis
 * stream or rebuilt from history when the client comes back, on this node or another. {@link chat.parley.stream.SseWriter} alone knows
 * SSE bytes, {@link chat.parley.stream.StreamEvents} the events that streams say of themselves.
 *
 * <p>The path of a connection: {@code StreamHandler} (who, which cursor) → {@code Subscriber} (takes Jetty's endpoint over) →
 * {@code CatchUp} (registers, replays, goes live) → {@code LiveFeed} → {@code SubscriberRegistry} → {@code Subscriber}.
 */
@NullMarked
package chat.parley.stream;

import org.jspecify.annotations.NullMarked;
