package chat.parley.event;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.redis.Redis;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.Protocol.Keyword;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/** A connection that runs the scripts {@code redis/publish*.lua} many times at once. For one thread. */
final class PublishConnection implements AutoCloseable {
    private final Connection connection;
    private final Map<Script, byte[]> shas = new EnumMap<>(Script.class);

    private PublishConnection(Connection connection) {
        this.connection = connection;
        load();
    }

    /** What a call runs. */
    enum Script {
        /** Appends to streams and publishes. */
        STORED("publish"),
        /** Appends to the stream of a large group and publishes. */
        GROUP("publish_group"),
        /** Publishes only. */
        LIVE("publish_live");

        private final String text;

        Script(String name) {
            text = Redis.script(name);
        }
    }

    static PublishConnection open(Redis redis) {
        var connection = redis.dedicated();
        try {
            return new PublishConnection(connection);
        } catch (RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    /** One run of a script. */
    record Call(Script script, List<byte[]> keys, List<byte[]> arguments) {}

    /**
     * Runs all calls in order by one pipeline. For each its reply, or the exception that says why Redis refused it. Throws when the
     * connection is lost: then any of them may have been carried out.
     */
    List<Object> run(List<Call> calls) {
        var replies = pipeline(calls);
        if (replies.stream().noneMatch(JedisNoScriptException.class::isInstance)) {
            return replies;
        }
        load();
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
            var words = new ArrayList<byte[]>(2 + call.keys.size() + call.arguments.size());
            words.add(Objects.requireNonNull(shas.get(call.script)));
            words.add(Integer.toString(call.keys.size()).getBytes(ISO_8859_1));
            words.addAll(call.keys);
            words.addAll(call.arguments);
            connection.sendCommand(Command.EVALSHA, words.toArray(byte[][]::new));
        }
        return connection.getMany(calls.size());
    }

    private void load() {
        for (var script : Script.values()) {
            connection.sendCommand(Command.SCRIPT, Keyword.LOAD.getRaw(), script.text.getBytes(ISO_8859_1));
            shas.put(script, connection.getBinaryBulkReply());
        }
    }

    @Override
    public void close() {
        connection.close();
    }
}
