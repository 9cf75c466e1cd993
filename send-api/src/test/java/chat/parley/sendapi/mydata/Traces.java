package chat.parley.sendapi.mydata;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.StreamEntryID;

/** Where a word stands, in any store: every table, every key, every file. Not by what the code knows of them, but by what is there. */
final class Traces {
    private final RealPostgres postgres;
    private final RealRedis redis;
    private final Path blobs;

    Traces(RealPostgres postgres, RealRedis redis, Path blobs) {
        this.postgres = postgres;
        this.redis = redis;
        this.blobs = blobs;
    }

    /** Every place that has the word, in any case, also as bytes. */
    List<String> of(String word) throws SQLException, IOException {
        var places = new ArrayList<String>();
        addTables(word, places);
        addKeys(word.toLowerCase(Locale.ROOT), places);
        addFiles(word.toLowerCase(Locale.ROOT), places);
        return places;
    }

    private void addTables(String word, List<String> places) throws SQLException {
        String hex = HexFormat.of().formatHex(word.getBytes(UTF_8)); // as bytea is written
        try (var connection = postgres.dataSource().getConnection();
                var statement = connection.createStatement()) {
            for (var table : strings(statement.executeQuery(
                    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"))) {
                String rows = "SELECT t::text FROM \"" + table + "\" t WHERE t::text ILIKE '%" + word
                        + "%' OR t::text LIKE '%" + hex + "%'";
                for (var row : strings(statement.executeQuery(rows))) {
                    places.add(table + ": " + row);
                }
            }
        }
    }

    private void addKeys(String word, List<String> places) {
        try (var jedis = redis.jedis()) {
            for (var key : jedis.keys("*")) {
                byte[] dumped = jedis.dump(key);
                String bytes = dumped == null ? "" : new String(dumped, ISO_8859_1);
                String text = key + " " + content(jedis, key) + " " + bytes;
                if (text.toLowerCase(Locale.ROOT).contains(word)) {
                    places.add("redis " + key);
                }
            }
        }
    }

    private static String content(Jedis jedis, String key) {
        return switch (jedis.type(key)) {
            case "string" -> jedis.get(key);
            case "hash" -> jedis.hgetAll(key).toString();
            case "set" -> jedis.smembers(key).toString();
            case "zset" -> jedis.zrangeWithScores(key, 0, -1).toString();
            case "list" -> jedis.lrange(key, 0, -1).toString();
            case "stream" -> jedis.xrange(key, (StreamEntryID) null, null).toString();
            case "none" -> ""; // gone since the list of keys
            default -> throw new IllegalStateException("a type of key that this test cannot read: " + key);
        };
    }

    private void addFiles(String word, List<String> places) throws IOException {
        try (var files = Files.walk(blobs)) {
            for (var file : files.toList()) {
                String text = file.getFileName().toString();
                if (Files.isRegularFile(file)) {
                    text += new String(Files.readAllBytes(file), ISO_8859_1);
                }
                if (text.toLowerCase(Locale.ROOT).contains(word)) {
                    places.add("file " + file.getFileName());
                }
            }
        }
    }

    private static List<String> strings(ResultSet rows) throws SQLException {
        var all = new ArrayList<String>();
        try (rows) {
            while (rows.next()) {
                all.add(rows.getString(1));
            }
        }
        return all;
    }
}
