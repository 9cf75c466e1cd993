package chat.parley.event;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.event.LiveFrame.Entry;
import chat.parley.event.LiveFrame.SessionEnded;
import chat.parley.event.LiveFrame.SessionPaused;
import chat.parley.event.StreamRead.Broken;
import chat.parley.event.StreamRead.Unbroken;
import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import chat.parley.redis.RedisScript;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.BuilderFactory;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.CommandObject;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.Protocol.Keyword;

/**
 * The users' streams in Redis: a fast window on history, which stays the truth. Safe for use by many threads. Reading throws
 * {@link StoreUnavailable} when Redis is away; publishing answers it.
 */
public final class EventLog implements AutoCloseable {
    /** How long a stream lives after its last entry; {@code redis/publish.lua} has the same number. */
    private static final Duration STREAM_LIFETIME = Duration.ofDays(3);

    /** A stream's epoch is the ms in which it was made and this, see {@code redis/publish.lua}; without it where a version before made the stream. */
    private static final long EPOCHS = 10_000_000_000_000L;

    private static final byte[] FIRST = "-".getBytes(ISO_8859_1);
    private static final byte[] LAST = "+".getBytes(ISO_8859_1);

    private static final RedisScript ERASE = RedisScript.named("erase");

    private final Redis redis;
    private final InstantSource clock;
    private final StreamTag tag;
    private final Publisher publisher;

    /** Opens connections when first needed; Redis does not need to be there yet. */
    public EventLog(Redis redis, InstantSource clock, MeterRegistry meters) {
        this.redis = redis;
        this.clock = clock;
        this.tag = new StreamTag(redis);
        this.publisher = new Publisher(redis, tag, meters);
    }

    /**
     * Publishes each and waits for all: within some 2 s, at once while Redis is known to be away. In the order of the list and of the calls.
     *
     * @return for each publication its outcome, in the order of the list
     */
    public List<PublishOutcome> publish(List<Publication> publications) {
        var results = new ArrayList<CompletableFuture<PublishOutcome>>(publications.size());
        for (var publication : publications) {
            results.add(publisher.submit(publication));
        }
        return results.stream().map(CompletableFuture::join).toList();
    }

    /**
     * Publishes in the order of the calls, and returns at once. The result completes on the publisher's thread, never exceptionally: what is chained
     * to it must be short.
     */
    public CompletableFuture<PublishOutcome> submit(Publication publication) {
        return publisher.submit(publication);
    }

    /**
     * Tells {@code recipients} who are connected now, and returns at once. Nothing keeps it, nobody repeats it; it is dropped when Redis is away or
     * other publications queue.
     *
     * @return false when it was dropped at once
     */
    public boolean tellLive(EphemeralEvent event, Collection<UserId> recipients) {
        return publisher.submitLive(Publication.live(event, recipients));
    }

    /** Whether what can be left out should be: Redis is away, or publications queue. */
    public boolean isBusy() {
        return publisher.isBusy();
    }

    /**
     * The tags of all servers, which change when entries may have been lost behind cursors that still look valid. Asks each of them.
     *
     * @return on a single Redis the tag that cursors carry; in a cluster the tags of all masters
     */
    public String tag() {
        return tag.readAll();
    }

    /** The tag that cursors of {@code user} carry now. Asks the server that holds the stream. */
    public String tag(UserId user) {
        return tag.read(RedisKeys.stream(user).getBytes(ISO_8859_1));
    }

    /** The tag that cursors carry now of whom this server holds. Asks it. */
    public String tag(HostAndPort server) {
        return tag.read(server);
    }

    /** {@link #tag()} for whoever keeps other things beside the streams, which are lost with them. */
    public static String tag(Redis redis) {
        return new StreamTag(redis).readAll();
    }

    /** Tells of whom nothing was lost since {@link #tag()} answered {@code tags}; asks nobody, so to be used after another {@link #tag()}. */
    public Predicate<UserId> keptSince(String tags) {
        var known = Set.of(tags.split(StreamTag.SEPARATOR));
        return user -> known.contains(tag.newest(server(user)));
    }

    /** Whether streams are on several servers, of which some may be away while others are not. */
    public boolean isSpread() {
        return redis.isCluster();
    }

    /** The server that holds {@code user}'s stream, and serves the live channel; null while that is not known. */
    public @Nullable HostAndPort server(UserId user) {
        return redis.holder(RedisKeys.stream(user).getBytes(ISO_8859_1));
    }

    /**
     * The entries after {@code after}, if the stream can tell them without a gap. Long events may be answered as references, see
     * {@link References}.
     *
     * @param currentTag as {@link #tag(UserId)} answered it, not before this connection to Redis was made
     * @param limit most entries answered, at least 1
     */
    public StreamRead read(UserId user, Cursor after, String currentTag, int limit) {
        if (!after.tag().equals(currentTag)) {
            return new Broken();
        }
        byte[] key = RedisKeys.stream(user).getBytes(ISO_8859_1);
        return after.n() == 0 ? readFromStart(key, after, limit) : readFrom(key, after, limit);
    }

    /** Where {@code user}'s stream ends now: who resumes there misses nothing and gets nothing twice. */
    public Cursor head(UserId user, String currentTag) {
        byte[] key = RedisKeys.stream(user).getBytes(ISO_8859_1);
        return head(entries(redis.with(it -> it.xrevrange(key, LAST, FIRST, 1))), currentTag);
    }

    private Cursor head(List<Entry> newest, String currentTag) {
        if (newest.isEmpty()) {
            return new Cursor(0, 0, clock.millis(), currentTag);
        }
        var entry = newest.getFirst();
        return new Cursor(entry.epoch(), entry.n(), entry.event().timeMillis(), currentTag);
    }

    /**
     * As {@link #head} of each of {@code users}, by one pipeline.
     *
     * @param server holds them all, as far as was known
     * @return in their order; null for whom it holds no more, who is to be asked for alone
     */
    public List<@Nullable Cursor> heads(HostAndPort server, List<UserId> users, String currentTag) {
        var asked = users.stream()
                .map(user -> new CommandArguments(Command.XREVRANGE)
                        .key(RedisKeys.stream(user).getBytes(ISO_8859_1))
                        .add(LAST)
                        .add(FIRST)
                        .add(Keyword.COUNT)
                        .add(1))
                .toList();
        var cursors = new ArrayList<@Nullable Cursor>(users.size());
        for (var reply : pipelined(server, asked)) {
            cursors.add(reply == null ? null : head(entries(reply), currentTag));
        }
        return cursors;
    }

    /**
     * As {@link #read} after each of {@code places}, by one pipeline; that the tags are still those of the cursors is to be asked afterwards.
     *
     * @param server holds them all, as far as was known
     * @return in their order; null for whom it holds no more, who is to be asked for alone
     */
    public List<@Nullable StreamRead> readAll(HostAndPort server, List<Place> places, int limit) {
        var asked = places.stream()
                .map(place -> {
                    var after = place.after;
                    byte[] from = after.n() == 0 ? FIRST : id(after);
                    return new CommandArguments(Command.XRANGE)
                            .key(RedisKeys.stream(place.user).getBytes(ISO_8859_1))
                            .add(from)
                            .add(LAST)
                            .add(Keyword.COUNT)
                            .add(after.n() == 0 ? limit : limit + 1);
                })
                .toList();
        var replies = pipelined(server, asked);
        var reads = new ArrayList<@Nullable StreamRead>(places.size());
        for (int i = 0; i < places.size(); i++) {
            var reply = replies.get(i);
            var after = places.get(i).after;
            if (reply == null) {
                reads.add(null);
            } else {
                reads.add(after.n() == 0 ? fromStart(entries(reply), after) : from(entries(reply), after));
            }
        }
        return reads;
    }

    /** Where somebody's stream is to be read on. */
    public record Place(UserId user, Cursor after) {}

    /** Null for what is refused here: in a cluster the slot is elsewhere now. */
    private List<@Nullable List<?>> pipelined(HostAndPort server, List<CommandArguments> commands) {
        return redis.at(server, connection -> {
            commands.forEach(connection::sendCommand);
            var replies = new ArrayList<@Nullable List<?>>(commands.size());
            for (var reply : connection.getMany(commands.size())) {
                replies.add(reply instanceof List<?> list ? list : null);
            }
            return replies;
        });
    }

    /** Tells {@code user}'s stream nodes that a login session ended. Not stored. */
    public void sessionEnded(UserId user, SessionId session) {
        tell(user, LiveFrames.encode(new SessionEnded(session)));
    }

    /** Tells {@code user}'s stream nodes to end the streams of a login session, which itself lasts: its device went into the background. Not stored. */
    public void sessionPaused(UserId user, SessionId session) {
        tell(user, LiveFrames.encode(new SessionPaused(session)));
    }

    private void tell(UserId user, byte[] notice) {
        byte[] channel = RedisKeys.live(user).getBytes(ISO_8859_1);
        var publish = new CommandArguments(Command.SPUBLISH).key(channel).add(notice);
        redis.with(it -> it.executeCommand(new CommandObject<>(publish, BuilderFactory.LONG)));
    }

    /** Tells {@code user}'s stream nodes that every login session ended, and whatever is in force without one. Not stored. */
    public void allSessionsEnded(UserId user) {
        sessionEnded(user, SessionEnded.ALL);
    }

    /**
     * Takes what {@code person} said, and how they reacted, out of {@code reader}'s stream. What is left keeps its place: a cursor on an entry that is gone
     * is told from history.
     *
     * @param since when the person was erased: what tells of that stays
     * @return how many entries went
     */
    public int erase(UserId reader, UserId person, Instant since) {
        var keys = List.of(RedisKeys.stream(reader));
        var arguments = List.of(person.toString(), Long.toString(since.toEpochMilli()));
        return ((Number) ERASE.run(redis, keys, arguments)).intValue();
    }

    /** Deletes {@code user}'s own stream. */
    public void delete(UserId user) {
        redis.with(it -> it.del(RedisKeys.stream(user)));
    }

    /** Finishes what is under way. */
    @Override
    public void close() {
        publisher.close();
    }

    private StreamRead readFrom(byte[] key, Cursor after, int limit) {
        return from(entries(redis.with(it -> it.xrange(key, id(after), LAST, limit + 1))), after);
    }

    private static byte[] id(Cursor cursor) {
        return (cursor.epoch() + "-" + cursor.n()).getBytes(ISO_8859_1);
    }

    private static StreamRead from(List<Entry> found, Cursor after) {
        // Redis says nothing of a hole: only the cursor's own entry proves that there is none.
        if (found.isEmpty() || !isAt(found.getFirst(), after.epoch(), after.n())) {
            return new Broken();
        }
        return new Unbroken(found.subList(1, found.size()));
    }

    /** From before the first entry: only a stream that still has its entry 1 can tell everything. */
    private StreamRead readFromStart(byte[] key, Cursor after, int limit) {
        return fromStart(entries(redis.with(it -> it.xrange(key, FIRST, LAST, limit))), after);
    }

    private StreamRead fromStart(List<Entry> found, Cursor after) {
        if (found.isEmpty()) {
            return after.epoch() == 0 && isYoung(after, clock.millis()) ? new Unbroken(List.of()) : new Broken();
        }
        var first = found.getFirst();
        boolean unbroken = after.epoch() == 0
                ? first.n() == 1 && isYoung(after, first.epoch() % EPOCHS)
                : isAt(first, after.epoch(), 1);
        return unbroken ? new Unbroken(found) : new Broken();
    }

    /** Whether no stream can have come and expired between the cursor of a user without one and {@code millis}. */
    private static boolean isYoung(Cursor cursor, long millis) {
        return millis - cursor.timeMillis() < STREAM_LIFETIME.toMillis();
    }

    private static boolean isAt(Entry entry, long epoch, long n) {
        return entry.epoch() == epoch && entry.n() == n;
    }

    static List<Entry> entries(List<?> reply) {
        var entries = new ArrayList<Entry>(reply.size());
        for (var one : reply) {
            var idAndFields = (List<?>) one;
            var fields = (List<?>) idAndFields.get(1);
            entries.add(LiveFrames.entry((byte[]) idAndFields.get(0), (byte[]) fields.get(1)));
        }
        return entries;
    }
}
