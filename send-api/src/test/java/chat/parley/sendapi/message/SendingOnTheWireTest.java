package chat.parley.sendapi.message;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.sendapi.People;
import chat.parley.sendapi.People.Person;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A send is served without a thread that waits. To a client it is as every other request, however its bytes come. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SendingOnTheWireTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final Pattern LENGTH = Pattern.compile("(?im)^content-length: (\\d+)");
    private static final int PIPELINED = 20;

    private RunningSendApi api;
    private Person ann;
    private String path = "";

    /** An answer as it came. */
    private record Answer(String head, byte[] body) {
        int status() {
            return Integer.parseInt(head.substring(9, 12));
        }

        String text() {
            return new String(body, ISO_8859_1);
        }

        boolean says(String header) {
            return head.toLowerCase(Locale.ROOT).contains(header.toLowerCase(Locale.ROOT));
        }
    }

    /** A connection that is kept. */
    private final class Client implements AutoCloseable {
        private final Socket socket;

        Client() throws IOException {
            socket = new Socket(api.uri("/").getHost(), api.uri("/").getPort());
            socket.setSoTimeout(30_000);
            socket.setTcpNoDelay(true);
        }

        Client write(String text) throws IOException {
            socket.getOutputStream().write(text.getBytes(ISO_8859_1));
            socket.getOutputStream().flush();
            return this;
        }

        Answer read() throws IOException {
            var head = new ByteArrayOutputStream();
            while (!head.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
                int next = socket.getInputStream().read();
                if (next < 0) {
                    throw new EOFException(head.toString(ISO_8859_1));
                }
                head.write(next);
            }
            String text = head.toString(ISO_8859_1);
            var length = LENGTH.matcher(text);
            byte[] body =
                    length.find() ? socket.getInputStream().readNBytes(Integer.parseInt(length.group(1))) : new byte[0];
            return new Answer(text, body);
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @BeforeAll
    void start() throws Exception {
        api = RunningSendApi.start(POSTGRES, REDIS);
        ann = Person.signUp(api);
        path = new People(api).direct(ann, Person.signUp(api));
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    private static String body(String key) {
        return "{\"client_message_id\":\"" + key + "\",\"text\":\"Hello\"}";
    }

    private String head(String address, String headers) {
        return "POST " + address + " HTTP/1.1\r\nHost: parley\r\nAuthorization: Bearer " + ann.token()
                + "\r\nContent-Type: application/json\r\n" + headers + "\r\n";
    }

    private String request(String address, String body) {
        return head(address, "Content-Length: " + body.length() + "\r\n") + body;
    }

    private String request(String key) {
        return request(path + "/messages", body(key));
    }

    @Test
    void requests_that_come_before_the_answers_are_answered_in_their_order() throws Exception {
        var all = new StringBuilder();
        for (int i = 0; i < PIPELINED; i++) {
            all.append(request("pipelined-" + i));
        }
        try (var client = new Client()) {
            client.write(all.toString());
            for (int i = 0; i < PIPELINED; i++) {
                var answer = client.read();
                assertEquals(201, answer.status(), answer.text());
                assertTrue(answer.text().contains("\"pipelined-" + i + "\""), answer.text());
            }
        }
    }

    @Test
    void a_body_may_come_in_pieces_and_in_chunks() throws Exception {
        try (var client = new Client()) {
            String whole = request("pieces");
            int body = whole.indexOf("\r\n\r\n") + 4;
            for (int at : List.of(0, body, body + 3)) {
                int end = at == 0 ? body : at == body ? body + 3 : whole.length();
                client.write(whole.substring(at, end));
                // Another request is answered meanwhile, so what was written is read before the rest comes.
                assertEquals(200, ann.ask("GET", path, null).statusCode());
            }
            assertEquals(201, client.read().status());

            String json = body("chunks");
            client.write(head(path + "/messages", "Transfer-Encoding: chunked\r\n"));
            for (String piece : List.of(json.substring(0, 5), json.substring(5))) {
                client.write(Integer.toHexString(piece.length()) + "\r\n" + piece + "\r\n");
                assertEquals(200, ann.ask("GET", path, null).statusCode());
            }
            client.write("0\r\n\r\n");
            assertEquals(201, client.read().status());
        }
    }

    @Test
    void who_asks_before_sending_the_body_is_told_to() throws Exception {
        try (var client = new Client()) {
            String json = body("expected");
            client.write(head(path + "/messages", "Expect: 100-continue\r\nContent-Length: " + json.length() + "\r\n"));
            assertEquals(100, client.read().status());
            client.write(json);
            assertEquals(201, client.read().status());
        }
    }

    @Test
    void a_body_that_ends_early_stores_nothing() throws Exception {
        try (var client = new Client()) {
            String whole = request("cut-short");
            client.write(whole.substring(0, whole.length() - 5));
            client.socket.shutdownOutput();
            assertEquals(400, client.read().status());
        }
        assertFalse(ann.ask("GET", path + "/messages", null).body().contains("cut-short"));
    }

    @Test
    void who_is_refused_before_the_body_has_come_can_read_why_and_go_on() throws Exception {
        int length = 3 * 1024 * 1024;
        try (var client = new Client()) {
            client.write(head(path + "/messages", "Content-Length: " + length + "\r\n"));
            client.write("a".repeat(length));
            var answer = client.read();
            assertEquals(413, answer.status());
            assertTrue(answer.text().contains("\"body_too_large\""), answer.text());
            assertEquals(201, client.write(request("after-413")).read().status());
        }
        try (var client = new Client()) {
            String unknown = request("nobody").replace(ann.token(), "nobody");
            var answer = client.write(unknown).read();
            assertEquals(401, answer.status());
            assertTrue(answer.says("www-authenticate: bearer"), answer.head());
            assertEquals(201, client.write(request("after-401")).read().status());
        }
    }

    @Test
    void addresses_are_matched_as_everywhere() throws Exception {
        String id = path.substring(path.lastIndexOf('/') + 1);
        String escaped = "%" + Integer.toHexString(id.charAt(0)) + id.substring(1);
        try (var client = new Client()) {
            for (String address : List.of(
                    path + "/messages/", path + "/messages?x=1", "/v1/conversations/" + escaped + "/messages")) {
                var answer =
                        client.write(request(address, body("at " + address))).read();
                assertEquals(201, answer.status(), address + answer.text());
            }
            for (String address : List.of(
                    "/v1/conversations/none/messages",
                    "/v1/conversations/0/messages",
                    path + "/Messages",
                    path + "/messages/x/messages")) {
                assertEquals(
                        404, client.write(request(address, body("no"))).read().status(), address);
            }
            String put = request("put").replaceFirst("POST", "PUT");
            assertEquals(405, client.write(put).read().status());
            var token = client.write(request(path + "/messages?access_token=abc", body("url")))
                    .read();
            assertEquals(400, token.status());
            assertTrue(token.text().contains("\"token_in_url\""), token.text());
        }
    }

    @Test
    void an_answer_has_the_headers_of_all_answers() throws Exception {
        try (var client = new Client()) {
            String named = request("named").replaceFirst("Host:", "X-Request-Id: abc-7\r\nHost:");
            var answer = client.write(named).read();
            for (String header : List.of(
                    "x-request-id: abc-7",
                    "x-content-type-options: nosniff",
                    "cache-control: no-store",
                    "content-type: application/json\r\n",
                    "ratelimit-policy: \"send\";",
                    "location: " + path + "/messages/")) {
                assertTrue(answer.says(header), header + " is not in " + answer.head());
            }
            assertTrue(client.write(request("named")).read().says("idempotency-replayed: true"));
            var bad = client.write(request(path + "/messages", "{")).read();
            assertEquals(400, bad.status());
            assertTrue(bad.says("content-type: application/problem+json"), bad.head());
            assertTrue(bad.text().contains("\"instance\":\"" + path + "/messages\""), bad.text());
        }
    }

    @Test
    void a_long_answer_is_compressed_for_who_takes_it() throws Exception {
        String json = "{\"client_message_id\":\"long\",\"text\":\"" + "long ".repeat(1_000) + "\"}";
        try (var client = new Client()) {
            var answer = client.write(head(
                                    path + "/messages",
                                    "Accept-Encoding: gzip\r\nContent-Length: " + json.length() + "\r\n")
                            + json)
                    .read();
            assertEquals(201, answer.status());
            assertTrue(answer.says("content-encoding: gzip"), answer.head());
            try (var plain = new GZIPInputStream(new ByteArrayInputStream(answer.body()))) {
                assertTrue(new String(plain.readAllBytes(), ISO_8859_1).contains("long long"));
            }
            assertFalse(client.write(request("short")).read().says("content-encoding"));
        }
    }

    @Test
    void a_member_who_was_removed_is_refused_though_the_roster_was_remembered() throws Exception {
        var bob = Person.signUp(api);
        var group = "/v1/conversations/" + ann.groupWith(bob);
        assertEquals(201, bob.ask("POST", group + "/messages", body("before")).statusCode());
        // Not through this process, which would forget its roster.
        long conversation = ConversationId.parse(group.substring(group.lastIndexOf('/') + 1))
                .value();
        try (var database = POSTGRES.dataSource().getConnection();
                var statement = database.createStatement()) {
            statement.execute("UPDATE member SET left_at = now() WHERE conversation_id = " + conversation
                    + " AND user_id = " + UserId.parse(bob.id()).value());
            statement.execute("UPDATE conversation SET members_version = members_version + 1, member_count = 1"
                    + " WHERE id = " + conversation);
        }
        assertEquals(404, bob.ask("POST", group + "/messages", body("after")).statusCode());
        assertEquals(201, ann.ask("POST", group + "/messages", body("owner")).statusCode());
    }

    @Test
    void each_of_many_on_one_connection_has_a_seq_of_its_own() throws Exception {
        var locations = new HashSet<String>();
        var clients = new ArrayList<Client>();
        try {
            for (int i = 0; i < PIPELINED; i++) {
                clients.add(new Client().write(request("one-" + i) + request("two-" + i)));
            }
            for (var client : clients) {
                for (int i = 0; i < 2; i++) {
                    var answer = client.read();
                    assertEquals(201, answer.status());
                    locations.add(answer.head()
                            .lines()
                            .filter(line -> line.startsWith("Location"))
                            .findFirst()
                            .orElseThrow());
                }
            }
        } finally {
            for (var client : clients) {
                client.close();
            }
        }
        assertEquals(2 * PIPELINED, locations.size());
    }
}
