package chat.parley.sendapi.media;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.sendapi.RunningSendApi;
import chat.parley.sendapi.picture.Pictures;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MediaHttpTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private RunningSendApi api;
    private MediaClient client;
    private MediaClient.Person ann;
    private MediaClient.Person eve;

    @BeforeAll
    void start() throws Exception {
        api = RunningSendApi.start(POSTGRES, REDIS);
        client = new MediaClient(api);
        ann = client.signUp();
        eve = client.signUp();
    }

    @AfterAll
    void stop() throws Exception {
        api.close();
    }

    @Test
    void a_file_is_what_its_bytes_say_and_comes_back_as_it_was() throws Exception {
        byte[] bytes = random(300_000);
        var answer = client.post(ann, "?name=notes.txt", bytes, "Content-Type", "image/png");
        assertEquals(201, answer.statusCode(), answer.text());
        var item = answer.json();
        assertEquals("application/octet-stream", item.at("/type").textValue());
        assertEquals(300_000, item.at("/bytes").intValue());
        assertEquals("notes.txt", item.at("/name").textValue());
        assertNull(item.get("width"));
        var got = client.get(ann, item.at("/id").textValue());
        assertEquals(200, got.statusCode());
        assertArrayEquals(bytes, got.body());
        assertEquals("application/octet-stream", got.header("content-type"));
        assertEquals("300000", got.header("content-length"));
        assertEquals("nosniff", got.header("x-content-type-options"));
        assertEquals("sandbox; default-src 'none'", got.header("content-security-policy"));
        assertEquals("private, max-age=31536000, immutable", got.header("cache-control"));
        assertEquals(
                "attachment; filename=\"notes.txt\"; filename*=UTF-8''notes.txt", got.header("content-disposition"));
    }

    @Test
    void a_picture_has_a_size_and_smaller_pictures() throws Exception {
        var item = client.post(ann, "", Pictures.jpeg(2000, 1000)).json();
        assertEquals("image/jpeg", item.at("/type").textValue());
        assertEquals(2000, item.at("/width").intValue());
        assertEquals(1000, item.at("/height").intValue());
        String id = item.at("/id").textValue();
        var small = client.get(ann, id + "/thumbnail");
        assertEquals("image/jpeg", small.header("content-type"));
        assertEquals(320, Pictures.decoded(small.body()).getWidth());
        assertEquals(160, Pictures.decoded(small.body()).getHeight());
        assertEquals("inline", small.header("content-disposition"));
        var large = client.get(ann, id + "/thumbnail?size=1280");
        assertEquals(1280, Pictures.decoded(large.body()).getWidth());
        assertFalse(large.header("etag").equals(small.header("etag")));
        assertTrue(client.get(ann, id).header("content-disposition").startsWith("inline; filename="));
        assertEquals(400, client.get(ann, id + "/thumbnail?size=999").statusCode());
    }

    @Test
    void a_small_picture_is_its_own_thumbnail_and_a_file_has_none() throws Exception {
        byte[] png = Pictures.png(100, 50);
        String id = client.post(ann, "", png).json().at("/id").textValue();
        assertArrayEquals(png, client.get(ann, id + "/thumbnail?size=320").body());
        String file = client.post(ann, "", random(10)).json().at("/id").textValue();
        assertEquals(404, client.get(ann, file + "/thumbnail").statusCode());
    }

    @Test
    void one_sees_through_the_thumbnail_of_what_one_sees_through() throws Exception {
        String id = client.post(ann, "", Pictures.seeThroughPng(900, 900))
                .json()
                .at("/id")
                .textValue();
        var small = client.get(ann, id + "/thumbnail");
        assertEquals("image/png", small.header("content-type"));
        assertTrue(Pictures.decoded(small.body()).getColorModel().hasAlpha());
    }

    @Test
    void gif_and_webp_are_pictures_too() throws Exception {
        var gif = client.post(ann, "", Pictures.gifOfManyFrames(Pictures.gif(400, 300), 300))
                .json();
        assertEquals("image/gif", gif.at("/type").textValue());
        assertEquals(
                320,
                Pictures.decoded(client.get(ann, gif.at("/id").textValue() + "/thumbnail")
                                .body())
                        .getWidth());
        var webp = client.post(ann, "", Pictures.webp()).json();
        assertEquals("image/webp", webp.at("/type").textValue());
        assertEquals(1, webp.at("/width").intValue());
        assertArrayEquals(
                Pictures.webp(),
                client.get(ann, webp.at("/id").textValue() + "/thumbnail").body());
    }

    @Test
    void the_position_of_a_photo_is_not_kept_and_its_thumbnails_stand_upright() throws Exception {
        var item = client.post(ann, "", Pictures.jpegOfAPhone(1000, 600, 6)).json();
        assertEquals(600, item.at("/width").intValue());
        assertEquals(1000, item.at("/height").intValue());
        String id = item.at("/id").textValue();
        byte[] stored = client.get(ann, id).body();
        assertFalse(Pictures.contains(stored, "secret"));
        assertEquals(item.at("/bytes").intValue(), stored.length);
        var small = Pictures.decoded(client.get(ann, id + "/thumbnail").body());
        assertEquals(192, small.getWidth());
        assertEquals(320, small.getHeight());
        // Turned by a quarter to the right, what was the upper left is the upper right.
        assertTrue(isRed(small.getRGB(180, 10)) && !isRed(small.getRGB(10, 10)) && !isRed(small.getRGB(180, 300)));
    }

    @Test
    void what_a_browser_could_run_is_only_bytes() throws Exception {
        for (String text : List.of(
                "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
                "<?xml version='1.0'?><svg/>",
                "<!DOCTYPE html><script>alert(1)</script>",
                "GIF89", // too short to be one
                "%!PS")) {
            var item = client.post(ann, "?name=a.svg", Pictures.ascii(text), "Content-Type", "image/svg+xml")
                    .json();
            assertEquals("application/octet-stream", item.at("/type").textValue(), text);
            assertTrue(client.get(ann, item.at("/id").textValue())
                    .header("content-disposition")
                    .startsWith("attachment"));
        }
    }

    @Test
    void hostile_pictures_are_refused_by_name_and_leave_nothing() throws Exception {
        int before = rows();
        for (var bomb : List.of(Pictures.pngBomb(60_000, 60_000), Pictures.pngBomb(30_001, 1))) {
            var answer = client.post(ann, "", bomb);
            assertEquals(400, answer.statusCode());
            assertEquals("too_many_pixels", answer.json().at("/errors/0/code").textValue());
        }
        byte[] jpeg = Pictures.jpeg(300, 300);
        for (var damaged : List.of(
                Arrays.copyOf(jpeg, jpeg.length - 10),
                Pictures.join(Arrays.copyOf(Pictures.png(9, 9), 8), Pictures.ascii("<html><script>alert(1)</script>")),
                Pictures.join(
                        Pictures.ascii("GIF89a"), new byte[] {1, 0, 1, 0, 0, 0, 0}, Pictures.ascii("<script>")))) {
            var answer = client.post(ann, "", damaged);
            assertEquals(400, answer.statusCode());
            assertEquals("damaged_picture", answer.json().at("/errors/0/code").textValue());
        }
        assertEquals(
                "empty",
                client.post(ann, "", new byte[0]).json().at("/errors/0/code").textValue());
        assertEquals(before, rows());
    }

    @Test
    void a_picture_that_nobody_can_decode_is_kept_without_thumbnails() throws Exception {
        byte[] empty = Pictures.pngBomb(2_000, 2_000); // few bytes, no pixels
        var item = client.post(ann, "", empty).json();
        assertEquals(2_000, item.at("/width").intValue());
        assertArrayEquals(
                empty,
                client.get(ann, item.at("/id").textValue() + "/thumbnail").body());
    }

    @Test
    void names_that_could_forge_a_header_or_lie_are_refused_and_others_are_told_safely() throws Exception {
        for (String bad : List.of(
                "a\r\nSet-Cookie: x",
                "a\u0000",
                "photo\u202egpj.exe",
                "a/b",
                "..\\b",
                " ",
                "x".repeat(256),
                "a\u2028b")) {
            var answer = client.post(ann, "?name=" + escaped(bad), random(5));
            assertEquals(400, answer.statusCode(), bad);
            assertEquals("name", answer.json().at("/errors/0/pointer").textValue());
        }
        var item = client.post(ann, "?name=" + escaped("שלום \"; x=\"%.png'"), random(5))
                .json();
        assertEquals("שלום \"; x=\"%.png'", item.at("/name").textValue());
        assertEquals(
                "attachment; filename=\"____ __ x___.png_\"; filename*=UTF-8''%D7%A9%D7%9C%D7%95%D7%9D%20%22%3B%20x%3D%22%25.png%27",
                client.get(ann, item.at("/id").textValue()).header("content-disposition"));
    }

    @Test
    void strangers_and_unknown_ids_get_the_same_404() throws Exception {
        String id = client.post(ann, "", Pictures.png(10, 10)).json().at("/id").textValue();
        for (String path : List.of(id, id + "/thumbnail", "0H7Q00000000A", "0H7Q00000000A/thumbnail", "x", "..%2Fx")) {
            var answer = client.get(eve, path);
            assertEquals(404, answer.statusCode(), path);
            assertEquals("not_found", answer.json().at("/code").textValue());
        }
    }

    @Test
    void a_repeat_under_the_same_key_is_the_same_file() throws Exception {
        byte[] bytes = random(1000);
        var first = client.post(ann, "?name=a", bytes, "Idempotency-Key", "k1");
        var again = client.post(ann, "?name=a", bytes, "Idempotency-Key", "k1");
        assertEquals(first.text(), again.text());
        assertEquals("true", again.header("idempotency-replayed"));
        assertEquals(
                422, client.post(ann, "?name=b", bytes, "Idempotency-Key", "k1").statusCode());
        assertEquals(
                422,
                client.post(ann, "?name=a", random(1001), "Idempotency-Key", "k1")
                        .statusCode());
        assertFalse(client.post(ann, "?name=a", bytes).text().equals(first.text()));
    }

    @Test
    void forms_and_compressed_bodies_are_not_files() throws Exception {
        assertEquals(
                415,
                client.post(ann, "", random(9), "Content-Type", "multipart/form-data; boundary=x")
                        .statusCode());
        assertEquals(
                415, client.post(ann, "", random(9), "Content-Encoding", "gzip").statusCode());
        assertEquals(
                401, client.post(new MediaClient.Person("", "x"), "", random(9)).statusCode());
    }

    private int rows() throws Exception {
        try (var connection = POSTGRES.dataSource().getConnection();
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT count(*) FROM media")) {
            rows.next();
            return rows.getInt(1);
        }
    }

    private static boolean isRed(int rgb) {
        return (rgb >> 16 & 0xff) > 150 && (rgb & 0xff) < 100;
    }

    private static String escaped(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        if (length > 0) {
            bytes[0] = 'x'; // no magic number begins so
        }
        return bytes;
    }
}
