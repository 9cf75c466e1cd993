package chat.parley.event;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.event.LiveFrame.Entry;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.redis.RedisScript;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The streams of large groups in Redis: like a user's, one window on history, but one for all members. An entry's id is its time by the server's clock and a count
 * without gaps. Safe for use by many threads; throws {@link StoreUnavailable} when Redis is away.
 */
public final class GroupLog {
    private static final byte[] FIRST = "-".getBytes(ISO_8859_1);
    private static final byte[] LAST = "+".getBytes(ISO_8859_1);
    private static final RedisScript ERASE = RedisScript.named("erase");

    private final Redis redis;

    /** @param redis closed by the caller */
    public GroupLog(Redis redis) {
        this.redis = redis;
    }

    /** A place in a group's stream: after this entry. Count 0: before the first. */
    public record Place(long millis, long n) {
        /** Before the first entry of a stream. */
        public static final Place START = new Place(0, 0);

        /** Where {@code entry} stands. */
        public static Place of(Entry entry) {
            return new Place(entry.epochMillis(), entry.n());
        }

        /** Whether {@code entry} is the next one. */
        public boolean isBefore(Entry entry) {
            return entry.n() == n + 1 && entry.epochMillis() >= millis;
        }

        /** Whether {@code entry} is this one or an earlier one. */
        public boolean covers(Entry entry) {
            return entry.epochMillis() < millis || (entry.epochMillis() == millis && entry.n() <= n);
        }
    }

    /** Where the stream ends; {@link Place#START} where there is none. */
    public Place end(ConversationId conversation) {
        byte[] key = key(conversation);
        var newest = EventLog.entries(redis.with(it -> it.xrevrange(key, LAST, FIRST, 1)));
        return newest.isEmpty() ? Place.START : Place.of(newest.getFirst());
    }

    /** The oldest entry there is. */
    public Optional<Entry> oldest(ConversationId conversation) {
        byte[] key = key(conversation);
        return EventLog.entries(redis.with(it -> it.xrange(key, FIRST, LAST, 1))).stream()
                .findFirst();
    }

    /** Entries appended at {@code since} or later, oldest first, at most {@code limit}. */
    public List<Entry> since(ConversationId conversation, long since, int limit) {
        byte[] key = key(conversation);
        byte[] from = Long.toString(since).getBytes(ISO_8859_1);
        return EventLog.entries(redis.with(it -> it.xrange(key, from, LAST, limit)));
    }

    /** Entries after {@code place}, oldest first, at most {@code limit}. Whether none is missing in between shows by their counts. */
    public List<Entry> after(ConversationId conversation, Place place, int limit) {
        byte[] key = key(conversation);
        byte[] from = place.equals(Place.START) ? FIRST : ("(" + place.millis() + "-" + place.n()).getBytes(ISO_8859_1);
        return EventLog.entries(redis.with(it -> it.xrange(key, from, LAST, limit)));
    }

    /**
     * Takes out what {@code person} said, and how they reacted, as {@link EventLog#erase} does from a user's stream.
     *
     * @return how many entries went
     */
    public int erase(ConversationId conversation, UserId person, Instant since) {
        var arguments = List.of(person.toString(), Long.toString(since.toEpochMilli()));
        return ((Number) ERASE.run(redis, List.of(RedisKeys.group(conversation)), arguments)).intValue();
    }

    private static byte[] key(ConversationId conversation) {
        return RedisKeys.group(conversation).getBytes(ISO_8859_1);
    }
}
