package chat.parley.sendapi.mydata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.json.Json;
import chat.parley.media.MediaSettings;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class ExportHttpTest {
    private static final String EXPORT = "/v1/users/me/export";

    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    @TempDir
    Path blobs;

    private RunningSendApi api;
    private MarkedPerson people;

    @BeforeEach
    void begin() throws Exception {
        api = RunningSendApi.start(POSTGRES, REDIS, MediaSettings.folder(blobs));
        people = new MarkedPerson(api, "xy" + Long.toString(System.nanoTime(), 36));
    }

    @AfterEach
    void end() throws Exception {
        api.close();
    }

    @Test
    void everything_of_mine_is_there_and_nothing_of_others() throws Exception {
        // Also from where the person is no longer.
        assertEquals(
                204,
                people.ann
                        .ask("DELETE", "/v1/conversations/" + people.group + "/members/me", null)
                        .statusCode());
        var answer = people.ann.ask("GET", EXPORT, null);
        assertEquals(200, answer.statusCode());
        assertEquals(
                "application/x-ndjson",
                answer.headers().firstValue("Content-Type").orElseThrow());
        var lines = lines(answer);
        assertEquals(people.mark, data(lines, "user").getFirst().get("username").textValue());
        assertEquals(
                "Browser of " + people.mark,
                data(lines, "session").getFirst().get("user_agent").textValue());
        assertEquals(
                people.mark + ".txt",
                data(lines, "media").getFirst().get("name").textValue());
        assertEquals(people.mark, data(lines, "presence").getFirst().get("text").textValue());
        var device = data(lines, "device").getFirst();
        assertEquals(people.mark + "-phone", device.get("id").textValue());
        assertFalse(answer.body().contains("token:" + people.mark), "who has it can wake the device");
        assertFalse(data(lines, "notifications").getFirst().get("preview").booleanValue());
        assertEquals(
                people.eve.id(), data(lines, "block").getFirst().get("user_id").textValue());
        assertEquals(people.mark, data(lines, "report").getFirst().get("note").textValue());
        var memberships = data(lines, "membership");
        assertEquals(2, memberships.size());
        assertEquals(1, memberships.stream().filter(each -> each.has("left_at")).count());
        assertEquals("👍", data(lines, "reaction").getFirst().get("emoji").textValue());
        assertEquals(
                List.of("first " + people.mark, "then é" + people.mark),
                data(lines, "version").stream()
                        .map(each -> each.get("text").textValue())
                        .toList());
        var senders = new HashSet<String>();
        data(lines, "message").forEach(each -> senders.add(each.get("sender_id").textValue()));
        assertEquals(Set.of(people.ann.id()), senders);
        assertEquals(4, data(lines, "message").size(), "also what was deleted");
        assertFalse(answer.body().contains("an answer"), "words of others");
        var end = lines.getLast();
        assertEquals("end", end.get("kind").textValue());
        assertEquals(lines.size() - 1, end.at("/data/lines").intValue());
    }

    @Test
    void messages_are_the_same_bytes_as_in_history() throws Exception {
        var export = people.ann.ask("GET", EXPORT, null).body();
        for (var where :
                List.of(people.direct + "/messages/1", people.group + "/messages/1", people.group + "/messages/4")) {
            var message =
                    people.bob.ask("GET", "/v1/conversations/" + where, null).body();
            assertTrue(export.contains("{\"kind\":\"message\",\"data\":" + message + "}\n"), message + "\n" + export);
        }
    }

    @Test
    void more_than_a_page_is_exported_whole() throws Exception {
        var talk = people.bob.directWith(people.eve);
        var texts = new HashSet<String>();
        for (int i = 0; i < 55; i++) {
            MarkedPerson.say(people.bob, talk, "c" + i, "text " + i, "");
            texts.add("text " + i);
        }
        for (int i = 0; i < 160; i++) {
            insert(talk, i);
            texts.add("row " + i);
        }
        data(lines(people.bob.ask("GET", EXPORT, null)), "message")
                .forEach(each -> texts.remove(each.get("text").textValue()));
        assertEquals(Set.of(), texts);
    }

    @Test
    void two_an_hour_are_enough() throws Exception {
        assertEquals(200, people.ann.ask("GET", EXPORT, null).statusCode());
        assertEquals(200, people.ann.ask("GET", EXPORT, null).statusCode());
        var refused = people.ann.ask("GET", EXPORT, null);
        assertEquals(429, refused.statusCode());
        assertEquals(
                "\"export\";q=2;w=3600",
                refused.headers().firstValue("RateLimit-Policy").orElseThrow());
        assertTrue(Long.parseLong(refused.headers().firstValue("Retry-After").orElseThrow()) > 60);
        assertEquals(200, people.bob.ask("GET", EXPORT, null).statusCode());
    }

    @Test
    void lines_count_themselves() throws Exception {
        var out = new ByteArrayOutputStream();
        var lines = new ExportLines(out);
        lines.line("a", json -> json.writeString(new UserId(1).toString()));
        lines.line("b", json -> json.writeNumber(2));
        assertEquals(2, lines.written());
        assertEquals(
                "{\"kind\":\"a\",\"data\":\"0000000000001\"}\n{\"kind\":\"b\",\"data\":2}\n",
                out.toString(StandardCharsets.UTF_8));
    }

    /** Faster than a request, of which only so many are let through. */
    private void insert(String talk, int i) throws Exception {
        try (var connection = POSTGRES.dataSource().getConnection();
                var row = connection.prepareStatement("""
                        WITH c AS (
                            UPDATE conversation SET last_seq = last_seq + 1 WHERE id = ? RETURNING id, last_seq)
                        INSERT INTO message (conversation_id, seq, sender_id, client_message_id, body_hash, text, created_at)
                        SELECT id, last_seq, ?, ?, 'x', ?, now() FROM c
                        """)) {
            row.setLong(1, ConversationId.parse(talk).value());
            row.setLong(2, UserId.parse(people.bob.id()).value());
            row.setString(3, "row" + i);
            row.setString(4, "row " + i);
            assertEquals(1, row.executeUpdate());
        }
    }

    private static List<JsonNode> lines(HttpResponse<String> answer) throws Exception {
        assertEquals(200, answer.statusCode(), answer.body());
        assertTrue(answer.body().endsWith("\n"));
        var lines = new ArrayList<JsonNode>();
        for (var line : answer.body().lines().toList()) {
            lines.add(Json.MAPPER.readTree(line));
        }
        return lines;
    }

    private static List<JsonNode> data(List<JsonNode> lines, String kind) {
        return lines.stream()
                .filter(line -> line.get("kind").textValue().equals(kind))
                .map(line -> line.get("data"))
                .toList();
    }
}
