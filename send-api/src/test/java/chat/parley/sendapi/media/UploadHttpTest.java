package chat.parley.sendapi.media;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.media.MediaSettings;
import chat.parley.ops.Secret;
import chat.parley.sendapi.RunningSendApi;
import chat.parley.sendapi.picture.Pictures;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Bodies that are too long, end early, come many at once; stores that are away. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UploadHttpTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    @TempDir
    static Path folder;

    private static final long BYTES_MAX = 2_000_000;
    private static final MediaSettings.Limits LIMITS =
            new MediaSettings.Limits(BYTES_MAX, 1_000_000, 500_000_000, 1_000);

    private RunningSendApi api;
    private MediaClient client;
    private MediaClient.Person ann;

    @BeforeAll
    void start() throws Exception {
        api = RunningSendApi.start(POSTGRES, REDIS, new MediaSettings(new MediaSettings.Folder(folder), LIMITS));
        client = new MediaClient(api);
        ann = client.signUp();
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    @Test
    void a_length_that_is_too_large_is_refused_at_once_and_the_connection_ends() throws Exception {
        try (var socket = connect("Content-Length: 2000001\r\n")) {
            String answer = answer(socket); // without having sent a byte of it
            assertTrue(answer.startsWith("HTTP/1.1 413 "), answer);
            assertTrue(answer.contains("\"code\":\"body_too_large\""), answer);
        }
    }

    @Test
    void who_sends_on_after_the_answer_still_reads_it() throws Exception {
        try (var socket = connect("Content-Length: 2000001\r\n")) {
            Awaitility.await().until(() -> socket.getInputStream().available() > 0); // it was refused
            socket.getOutputStream().write(MediaHttpTest.random((int) BYTES_MAX + 1)); // and knows only afterwards
            String answer = new String(socket.getInputStream().readAllBytes(), US_ASCII);
            assertTrue(answer.startsWith("HTTP/1.1 413 "), answer);
            assertTrue(answer.endsWith("}"), answer);
        }
    }

    @Test
    void chunks_without_end_are_refused_and_nothing_is_left() throws Exception {
        long files = files();
        int rows = rows();
        try (var socket = connect("Transfer-Encoding: chunked\r\n")) {
            var out = socket.getOutputStream();
            byte[] chunk = new byte[10_000];
            boolean refused = false;
            for (int sent = 0; sent < 1_000 && !refused; sent++) {
                refused = socket.getInputStream().available() > 0 || !sendChunk(out, chunk);
            }
            assertTrue(refused, "10 MB were taken");
            String answer = answer(socket);
            assertTrue(answer.startsWith("HTTP/1.1 413 "), answer);
        }
        assertEquals(files, files());
        assertEquals(rows, rows());
    }

    @Test
    void the_limit_itself_is_taken() throws Exception {
        assertEquals(
                201, client.post(ann, "", MediaHttpTest.random((int) BYTES_MAX)).statusCode());
        assertEquals(
                413,
                client.post(ann, "", MediaHttpTest.random((int) BYTES_MAX + 1)).statusCode());
    }

    @Test
    void a_body_that_ends_early_leaves_nothing() throws Exception {
        long files = files();
        int rows = rows();
        try (var socket = connect("Content-Length: 100000\r\n")) {
            socket.getOutputStream().write(new byte[50_000]);
            socket.shutdownOutput();
            var answer = answer(socket);
            assertTrue(answer.isEmpty() || answer.startsWith("HTTP/1.1 400 "), answer);
        }
        Awaitility.await().until(() -> underWay() == 0);
        assertEquals(files, files());
        assertEquals(rows, rows());
    }

    @Test
    void one_person_has_so_many_uploads_under_way_and_no_more() throws Exception {
        var person = client.signUp();
        var held = new ArrayList<Socket>();
        try {
            for (int i = 0; i < UploadSlots.MAX_PER_PERSON; i++) {
                var socket = connect(person, "Content-Length: 1000\r\n");
                socket.getOutputStream().write(1);
                held.add(socket);
            }
            Awaitility.await().until(() -> underWay() >= UploadSlots.MAX_PER_PERSON);
            var refused = client.post(person, "", new byte[] {1});
            assertEquals(429, refused.statusCode());
            assertEquals("5", refused.header("retry-after"));
            assertEquals(201, client.post(ann, "", new byte[] {1}).statusCode());
        } finally {
            for (var socket : held) {
                socket.close();
            }
        }
        Awaitility.await().until(() -> underWay() == 0);
        assertEquals(201, client.post(person, "", new byte[] {1}).statusCode());
    }

    @Test
    void the_quota_of_a_day_is_a_429_that_says_when() throws Exception {
        var limits = new MediaSettings.Limits(BYTES_MAX, 1_000_000, 1_000, 3);
        try (var small =
                RunningSendApi.start(POSTGRES, REDIS, new MediaSettings(new MediaSettings.Folder(folder), limits))) {
            var there = new MediaClient(small);
            var bob = there.signUp();
            assertEquals(201, there.post(bob, "", MediaHttpTest.random(900)).statusCode());
            var refused = there.post(bob, "", MediaHttpTest.random(101));
            assertEquals(429, refused.statusCode());
            assertEquals("too_many_requests", refused.json().at("/code").textValue());
            assertTrue(Long.parseLong(refused.header("retry-after")) > 80_000);
        }
    }

    @Test
    void many_uploads_at_once_are_all_kept_and_do_not_stand_in_memory() throws Exception {
        byte[] file = MediaHttpTest.random((int) BYTES_MAX);
        var people = new ArrayList<MediaClient.Person>();
        for (int i = 0; i < 8; i++) {
            people.add(client.signUp());
        }
        long before = allocated();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var uploads = new ArrayList<Future<Integer>>();
            for (var person : people) {
                for (int i = 0; i < 4; i++) {
                    uploads.add(threads.submit(() -> stream(person, file)));
                }
            }
            for (var upload : uploads) {
                assertEquals(201, upload.get());
            }
        }
        // 64 MB went through; what is allocated on the way are buffers, and those of the client's sockets are not on
        // the heap.
        long each = (allocated() - before) / 32;
        assertTrue(each < BYTES_MAX / 2, each + " bytes of memory for an upload of " + BYTES_MAX);
    }

    @Test
    void without_s3_an_upload_is_503_and_nothing_is_half_done_and_messages_go_on() throws Exception {
        var nowhere = new MediaSettings.S3(
                "bucket", "", URI.create("http://127.0.0.1:1"), "us-east-1", "key", new Secret("secret"));
        try (var away = RunningSendApi.start(POSTGRES, REDIS, new MediaSettings(nowhere, LIMITS))) {
            var there = new MediaClient(away);
            var bob = there.signUp();
            var answer = there.post(bob, "", Pictures.png(500, 500), "Idempotency-Key", "s3");
            assertEquals(503, answer.statusCode());
            assertEquals("unavailable", answer.json().at("/code").textValue());
            assertEquals(0, ready(bob));
            assertEquals(200, there.call(bob, "GET", "/v1/conversations", "").statusCode());
            assertEquals(200, there.call(bob, "GET", "/readyz", "").statusCode());
            // When it is back, the repeat under the same key is carried out.
            assertEquals(
                    201,
                    client.post(bob, "", Pictures.png(500, 500), "Idempotency-Key", "s3")
                            .statusCode());
            assertEquals(1, ready(bob));
            var kept = client.post(bob, "", MediaHttpTest.random(9))
                    .json()
                    .at("/id")
                    .textValue();
            assertEquals(503, there.get(bob, kept).statusCode());
        }
    }

    @Test
    void a_server_without_a_place_for_media_says_so() throws Exception {
        try (var off = RunningSendApi.start(POSTGRES, REDIS, new MediaSettings(null, LIMITS))) {
            var there = new MediaClient(off);
            var answer = there.post(ann, "", new byte[] {1});
            assertEquals(501, answer.statusCode());
            assertEquals("media_off", answer.json().at("/code").textValue());
            assertEquals(501, there.get(ann, "0H7Q00000000A").statusCode());
        }
    }

    private Socket connect(String headers) throws IOException {
        return connect(ann, headers);
    }

    private Socket connect(MediaClient.Person person, String headers) throws IOException {
        var uri = api.uri("/v1/media");
        var socket = new Socket(uri.getHost(), uri.getPort());
        socket.setSoTimeout(10_000);
        String head = "POST /v1/media HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + person.token() + "\r\n" + headers
                + "\r\n";
        socket.getOutputStream().write(head.getBytes(US_ASCII));
        return socket;
    }

    /** False when nobody takes it any more. */
    private static boolean sendChunk(OutputStream out, byte[] bytes) {
        try {
            out.write((Integer.toHexString(bytes.length) + "\r\n").getBytes(US_ASCII));
            out.write(bytes);
            out.write("\r\n".getBytes(US_ASCII));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** All until the other side closes, which it must. */
    private static String answer(Socket socket) throws IOException {
        var answer = new StringBuilder();
        InputStream in = socket.getInputStream();
        try {
            for (int read = in.read(); read >= 0; read = in.read()) {
                answer.append((char) read);
            }
        } catch (SocketException e) {
            assertTrue(e.toString().contains("reset"), e.toString()); // we had sent more than it read
        }
        return answer.toString();
    }

    private int stream(MediaClient.Person person, byte[] file) throws IOException {
        try (var socket = connect(person, "Connection: close\r\nContent-Length: " + file.length + "\r\n")) {
            socket.getOutputStream().write(file);
            String answer = answer(socket);
            return Integer.parseInt(answer.substring(9, 12));
        }
    }

    private static long allocated() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return threads.getTotalThreadAllocatedBytes();
    }

    private int underWay() throws Exception {
        var metrics = MediaClient.text(URI.create("http://127.0.0.1:" + api.metricsPort() + "/metrics"));
        return metrics.lines()
                .filter(line -> line.startsWith("parley_media_uploads_underway "))
                .map(line -> (int) Double.parseDouble(line.substring(line.indexOf(' ') + 1)))
                .findFirst()
                .orElseThrow();
    }

    private static long files() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).count();
        }
    }

    private static int rows() throws Exception {
        return count("SELECT count(*) FROM media");
    }

    private static int ready(MediaClient.Person owner) throws Exception {
        return count("SELECT count(*) FROM media WHERE state = 'ready' AND owner_id = tsid('" + owner.id() + "')");
    }

    private static int count(String query) throws Exception {
        try (var connection = POSTGRES.dataSource().getConnection();
                var statement = connection.createStatement();
                var rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getInt(1);
        }
    }
}
