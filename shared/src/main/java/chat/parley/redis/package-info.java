/**
 * The Redis connections, their time limits, the scripts in {@code redis/*.lua} and, in {@link chat.parley.redis.RedisKeys}, every
 * key there is.
 */
@NullMarked
package chat.parley.redis;

import org.jspecify.annotations.NullMarked;
