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
            return new Place(entry.epoch(), entry.n());
        }

        /** Whether {@code entry} is the next one. */
        public boolean isBefore(Entry entry) {
            return entry.n() == n + 1 && entry.epoch() >= millis;
        }

        /** Whether these are the next ones, and none is missing among them. */
        public boolean isBefore(List<Entry> entries) {
            var last = this;
            for (var entry : entries) {
                if (!last.isBefore(entry)) {
                    return false;
                }
                last = of(entry);
            }
            return true;
        }

        /** Whether {@code entry} is this one or an earlier one. */
        public boolean covers(Entry entry) {
            return entry.epoch() < millis || (entry.epoch() == millis && entry.n() <= n);
        }
    }

    /** Where the stream ends; {@link Place#START} where there is none. */
    public Place end(ConversationId conversation) {
        byte[] key = key(conversation);
        var newest = EventLog.entries(redis.with(it -> it.xrevrange(key, LAST, FIRST, 1)));
        return newest.isEmpty() ? Place.START : Place.of(newest.getFirst());
    }

    /** Where the stream stood at {@code millis}; empty where it does not reach back so far. */
    public Optional<Place> at(ConversationId conversation, long millis) {
        if (millis < 0) {
            return Optional.empty();
        }
        byte[] key = key(conversation);
        byte[] last = Long.toString(millis).getBytes(ISO_8859_1); // without a count: the last of that time
        return EventLog.entries(redis.with(it -> it.xrevrange(key, last, FIRST, 1))).stream()
                .findFirst()
                .map(Place::of);
    }

    /** Entries after {@code place}, oldest first, at most {@code limit}. Whether none is missing in between shows by their counts. */
    public List<Entry> after(ConversationId conversation, Place place, int limit) {
        byte[] from = place.equals(Place.START) ? FIRST : ("(" + id(place)).getBytes(ISO_8859_1);
        return range(conversation, from, limit);
    }

    /** The entries right after {@code place}, oldest first, about {@code limit}; empty where the stream cannot tell that none is missing. */
    public Optional<List<Entry>> next(ConversationId conversation, Place place, int limit) {
        if (place.equals(Place.START)) {
            return Optional.of(range(conversation, FIRST, limit)).filter(place::isBefore);
        }
        // With the place itself: a stream that has neither it nor the next one is not what it was.
        var entries = range(conversation, id(place).getBytes(ISO_8859_1), limit + 1);
        if (entries.isEmpty()) {
            return Optional.empty();
        }
        boolean hasPlace = Place.of(entries.getFirst()).equals(place);
        return Optional.of(hasPlace ? entries.subList(1, entries.size()) : entries)
                .filter(place::isBefore);
    }

    private List<Entry> range(ConversationId conversation, byte[] from, int limit) {
        byte[] key = key(conversation);
        return EventLog.entries(redis.with(it -> it.xrange(key, from, LAST, limit)));
    }

    private static String id(Place place) {
        return place.millis() + "-" + place.n();
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
