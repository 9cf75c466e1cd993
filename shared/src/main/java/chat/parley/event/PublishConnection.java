package chat.parley.event;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.redis.Redis;
import java.util.ArrayList;
import java.util.List;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.Protocol.Keyword;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/** A connection that runs {@code redis/publish.lua} many times at once. For one thread. */
final class PublishConnection implements AutoCloseable {
    private static final byte[] SCRIPT = Redis.script("publish").getBytes(ISO_8859_1);

    private final Connection connection;
    private byte[] sha;

    private PublishConnection(Connection connection, byte[] sha) {
        this.connection = connection;
        this.sha = sha;
    }

    static PublishConnection open(Redis redis) {
        var connection = redis.dedicated();
        try {
            return new PublishConnection(connection, load(connection));
        } catch (RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    /** One run of the script. */
    record Call(List<byte[]> keys, byte[] value, byte[] whole, byte[] wantedKey, byte[] time) {}

    /**
     * Runs all calls in order by one pipeline. For each its reply, or the exception that says why Redis refused it. Throws when the
     * connection is lost: then any of them may have been carried out.
     */
    List<Object> run(List<Call> calls) {
        var replies = pipeline(calls);
        if (replies.stream().noneMatch(JedisNoScriptException.class::isInstance)) {
            return replies;
        }
        sha = load(connection);
        var missed = new ArrayList<Integer>();
        for (int i = 0; i < calls.size(); i++) {
            if (replies.get(i) instanceof JedisNoScriptException) {
                missed.add(i);
            }
        }
        var again = pipeline(missed.stream().map(calls::get).toList());
        for (int i = 0; i < again.size(); i++) {
            replies.set(missed.get(i), again.get(i));
        }
        return replies;
    }

    private List<Object> pipeline(List<Call> calls) {
        for (var call : calls) {
            int keys = call.keys.size();
            var arguments = new byte[2 + keys + 4][];
            arguments[0] = sha;
            arguments[1] = Integer.toString(keys).getBytes(ISO_8859_1);
            for (int i = 0; i < keys; i++) {
                arguments[2 + i] = call.keys.get(i);
            }
            arguments[2 + keys] = call.value;
            arguments[3 + keys] = call.whole;
            arguments[4 + keys] = call.wantedKey;
            arguments[5 + keys] = call.time;
            connection.sendCommand(Command.EVALSHA, arguments);
        }
        return connection.getMany(calls.size());
    }

    private static byte[] load(Connection connection) {
        connection.sendCommand(Command.SCRIPT, Keyword.LOAD.getRaw(), SCRIPT);
        return connection.getBinaryBulkReply();
    }

    @Override
    public void close() {
        connection.close();
    }
}
