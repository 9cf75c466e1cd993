package chat.parley.sendapi.media;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.sendapi.RunningSendApi;
import chat.parley.sendapi.picture.Pictures;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Ranges, conditions, and what HEAD tells: RFC 9110, 13 and 14. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DownloadHttpTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final int LENGTH = 200_000;

    private final byte[] bytes = MediaHttpTest.random(LENGTH);
    private RunningSendApi api;
    private MediaClient client;
    private MediaClient.Person ann;
    private String id;
    private String etag;

    @BeforeAll
    void start() throws Exception {
        api = RunningSendApi.start(POSTGRES, REDIS);
        client = new MediaClient(api);
        ann = client.signUp();
        id = client.post(ann, "", bytes).json().at("/id").textValue();
        etag = client.get(ann, id).header("etag");
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    @Test
    void parts_are_sent_as_asked_for() throws Exception {
        part("bytes=0-0", 0, 1);
        part("bytes=0-99", 0, 100);
        part("bytes=100-", 100, LENGTH);
        part("bytes=-1", LENGTH - 1, LENGTH);
        part("bytes=-999999999", 0, LENGTH);
        part("bytes=199999-199999", LENGTH - 1, LENGTH);
        part("bytes=5-999999999999999999", 5, LENGTH);
        part("BYTES= 7-8", 7, 9);
    }

    private void part(String range, int from, int to) throws Exception {
        var answer = client.get(ann, id, "Range", range);
        assertEquals(206, answer.statusCode(), range);
        assertArrayEquals(Arrays.copyOfRange(bytes, from, to), answer.body(), range);
        assertEquals("bytes " + from + "-" + (to - 1) + "/" + LENGTH, answer.header("content-range"));
        assertEquals(Integer.toString(to - from), answer.header("content-length"));
    }

    @Test
    void what_lies_behind_the_end_is_416() throws Exception {
        for (var range : List.of("bytes=200000-", "bytes=200000-200001", "bytes=999999999999-", "bytes=-0")) {
            var answer = client.get(ann, id, "Range", range);
            assertEquals(416, answer.statusCode(), range);
            assertEquals("bytes */" + LENGTH, answer.header("content-range"));
            assertEquals("range_not_satisfiable", answer.json().at("/code").textValue());
            assertEquals("no-store", answer.header("cache-control"));
            assertEquals("", answer.header("etag"));
        }
    }

    @Test
    void what_is_no_single_range_is_answered_by_the_whole() throws Exception {
        for (var range : List.of(
                "bytes=0-1,5-6",
                "bytes=9-3",
                "bytes=-",
                "bytes=a-b",
                "lines=1-2",
                "bytes",
                "bytes=--5",
                "bytes=99999999999999999999-",
                "bytes=0x1-2")) {
            var answer = client.get(ann, id, "Range", range);
            assertEquals(200, answer.statusCode(), range);
            assertEquals(LENGTH, answer.body().length, range);
            assertEquals("", answer.header("content-range"));
        }
    }

    @Test
    void a_part_is_sent_only_of_what_the_client_has_begun() throws Exception {
        assertEquals(
                206, client.get(ann, id, "Range", "bytes=5-9", "If-Range", etag).statusCode());
        for (var other : List.of("\"x\"", "W/" + etag, "Mon, 23 Nov 2026 03:00:00 GMT", "")) {
            var answer = client.get(ann, id, "Range", "bytes=5-9", "If-Range", other);
            assertEquals(200, answer.statusCode(), other);
            assertEquals(LENGTH, answer.body().length);
        }
        // A range that cannot be satisfied does not count either, when it is about other bytes.
        assertEquals(
                200,
                client.get(ann, id, "Range", "bytes=999999-", "If-Range", "\"x\"")
                        .statusCode());
    }

    @Test
    void who_has_it_gets_nothing() throws Exception {
        for (var condition : List.of(etag, "W/" + etag, "\"x\", " + etag, "*")) {
            var answer = client.get(ann, id, "If-None-Match", condition);
            assertEquals(304, answer.statusCode(), condition);
            assertEquals(0, answer.body().length);
            assertEquals(etag, answer.header("etag"));
            assertTrue(answer.header("cache-control").contains("immutable"));
        }
        assertEquals(
                304,
                client.get(ann, id, "If-None-Match", etag, "Range", "bytes=0-1").statusCode());
        assertEquals(200, client.get(ann, id, "If-None-Match", "\"x\"").statusCode());
        assertEquals(
                200,
                client.get(ann, id, "If-None-Match", etag.replace("\"", "")).statusCode());
    }

    @Test
    void head_tells_what_get_would_and_sends_nothing() throws Exception {
        var whole = client.head(ann, id);
        assertEquals(200, whole.statusCode());
        assertEquals(0, whole.body().length);
        assertEquals(Integer.toString(LENGTH), whole.header("content-length"));
        assertEquals(etag, whole.header("etag"));
        assertEquals("bytes", whole.header("accept-ranges"));
        assertEquals(404, client.head(ann, "0H7Q00000000A").statusCode());
        String picture =
                client.post(ann, "", Pictures.png(400, 400)).json().at("/id").textValue();
        assertEquals("image/jpeg", client.head(ann, picture + "/thumbnail").header("content-type"));
    }

    @Test
    void nothing_is_compressed_on_the_way() throws Exception {
        String text = client.post(ann, "", "a".repeat(50_000).getBytes(StandardCharsets.US_ASCII))
                .json()
                .at("/id")
                .textValue();
        var answer = client.get(ann, text, "Accept-Encoding", "gzip, br");
        assertEquals("", answer.header("content-encoding"));
        assertEquals(50_000, answer.body().length);
    }
}
