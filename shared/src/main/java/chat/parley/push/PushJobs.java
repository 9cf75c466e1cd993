package chat.parley.push;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.ops.StoreUnavailable;
import chat.parley.redis.Redis;
import chat.parley.redis.RedisKeys;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * The reading side of the push jobs, for one worker on one thread. A job belongs to the worker that claimed it until it is {@link #done} or the
 * worker has been silent for {@link #TAKEN_OVER_AFTER}: then another one gets it. So each job is worked on at least once.
 */
public final class PushJobs implements AutoCloseable {
    /** A job that is not done by then is taken for its worker's death. */
    public static final Duration TAKEN_OVER_AFTER = Duration.ofSeconds(30);

    /** On top of the wait asked for, before a silent Redis counts as away. */
    private static final int REPLY_LIMIT_MILLIS = 1_000;

    private static final byte[] NOTHING_YET = "0".getBytes(ISO_8859_1);
    private static final byte[] KEY = RedisKeys.PUSH.getBytes(ISO_8859_1);
    private static final byte[] GROUP = RedisKeys.PUSH_GROUP.getBytes(ISO_8859_1);

    private final Redis redis;
    private final byte[] worker;
    private final Duration takenOverAfter;
    private @Nullable Connection connection;

    /** @param worker a name that no other worker has, now or before */
    public PushJobs(Redis redis, String worker) {
        this(redis, worker, TAKEN_OVER_AFTER);
    }

    PushJobs(Redis redis, String worker, Duration takenOverAfter) {
        this.redis = redis;
        this.worker = worker.getBytes(ISO_8859_1);
        this.takenOverAfter = takenOverAfter;
    }

    /**
     * A job in this worker's hands.
     *
     * @param job null where what stands in the queue is no job of ours
     * @param id its name in the queue
     */
    public record Claimed(String id, @Nullable PushJob job) {}

    /** New jobs, oldest first, at most {@code max}; waits up to {@code wait} for the first. Throws {@link StoreUnavailable}. */
    public List<Claimed> claim(int max, Duration wait) {
        return onConnection(open -> {
            open.setSoTimeout((int) wait.toMillis() + REPLY_LIMIT_MILLIS);
            open.sendCommand(
                    Command.XREADGROUP,
                    bytes("GROUP"),
                    GROUP,
                    worker,
                    bytes("COUNT"),
                    bytes(Integer.toString(max)),
                    bytes("BLOCK"),
                    bytes(Long.toString(Math.max(1, wait.toMillis()))),
                    bytes("STREAMS"),
                    KEY,
                    bytes(">"));
            var streams = open.getObjectMultiBulkReply();
            return streams == null ? List.of() : entries(((List<?>) streams.getFirst()).get(1));
        });
    }

    /** Jobs of workers that died, at most {@code max}. Throws {@link StoreUnavailable}. */
    public List<Claimed> takeOver(int max) {
        return onConnection(open -> {
            open.sendCommand(
                    Command.XAUTOCLAIM,
                    KEY,
                    GROUP,
                    worker,
                    bytes(Long.toString(takenOverAfter.toMillis())),
                    NOTHING_YET,
                    bytes("COUNT"),
                    bytes(Integer.toString(max)));
            return entries(open.getObjectMultiBulkReply().get(1));
        });
    }

    /** These need no more work. Throws {@link StoreUnavailable}: then another worker may do them again. */
    public void done(List<Claimed> jobs) {
        if (jobs.isEmpty()) {
            return;
        }
        onConnection(open -> {
            var acknowledge = new ArrayList<byte[]>(List.of(KEY, GROUP));
            var delete = new ArrayList<byte[]>(List.of(KEY));
            for (var job : jobs) {
                acknowledge.add(bytes(job.id));
                delete.add(bytes(job.id));
            }
            open.sendCommand(Command.XACK, acknowledge.toArray(byte[][]::new));
            open.sendCommand(Command.XDEL, delete.toArray(byte[][]::new));
            return open.getMany(2);
        });
    }

    @Override
    public void close() {
        if (connection != null) {
            try {
                connection.close();
            } catch (JedisException e) {
                throw new StoreUnavailable("redis", e);
            } finally {
                connection = null;
            }
        }
    }

    @FunctionalInterface
    private interface Work<T> {
        T on(Connection open);
    }

    private <T> T onConnection(Work<T> work) {
        var open = connection;
        try {
            if (open == null) {
                open = redis.dedicated();
                connection = open;
                join(open);
            }
            return work.on(open);
        } catch (JedisDataException e) {
            if (String.valueOf(e.getMessage()).startsWith("NOGROUP")) {
                join(
                        connection == null
                                ? redis.dedicated()
                                : connection); // Redis lost what it held; the jobs come again by the relay
            }
            throw new StoreUnavailable("redis", e);
        } catch (JedisException e) {
            connection = null;
            throw new StoreUnavailable("redis", e);
        }
    }

    /** Makes the group where it is missing; it begins with the first job there is. */
    private static void join(Connection open) {
        open.sendCommand(Command.XGROUP, bytes("CREATE"), KEY, GROUP, NOTHING_YET, bytes("MKSTREAM"));
        try {
            open.getStatusCodeReply();
        } catch (JedisDataException e) {
            if (!String.valueOf(e.getMessage()).startsWith("BUSYGROUP")) {
                throw e;
            }
        }
    }

    private static List<Claimed> entries(@Nullable Object reply) {
        var claimed = new ArrayList<Claimed>();
        if (reply instanceof List<?> entries) {
            for (var entry : entries) {
                // An entry that was trimmed away while it was claimed has no fields.
                if (entry instanceof List<?> idAndFields && idAndFields.get(1) instanceof List<?> fields) {
                    String id = new String((byte[]) idAndFields.getFirst(), ISO_8859_1);
                    claimed.add(new Claimed(id, job(new String((byte[]) fields.get(1), ISO_8859_1))));
                }
            }
        }
        return claimed;
    }

    private static @Nullable PushJob job(String text) {
        try {
            return PushJob.of(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(ISO_8859_1);
    }
}
