package chat.parley.media;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.IdSource;
import chat.parley.id.MediaId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.StepClock;
import chat.parley.testkit.TestIds;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class MediaCollectorTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private static final IdSource IDS = TestIds.fresh();
    private static final MediaSettings.Limits LIMITS = new MediaSettings.Limits(1_000, 1_000, 1_000, 5);

    @TempDir
    Path folder;

    private final StepClock clock = StepClock.at(Instant.parse("2026-11-23T03:00:00Z"));
    private Postgres postgres;
    private DirectoryBlobStore blobs;
    private MediaCatalog catalog;
    private MediaCollector collector;
    private UserId owner;

    @BeforeEach
    void open() {
        postgres = Postgres.open(POSTGRES.address(), 4);
        blobs = new DirectoryBlobStore(folder);
        catalog = new MediaCatalog(postgres, clock, LIMITS);
        collector = collector(blobs);
        owner = IDS.user();
    }

    @AfterEach
    void close() {
        List.of("media_use", "media", "message").forEach(table -> sql("DELETE FROM " + table));
        postgres.close();
    }

    private MediaCollector collector(BlobStore store) {
        return MediaCollector.still(catalog, store, List.of(320), clock, new SimpleMeterRegistry());
    }

    @Test
    void what_nothing_used_for_a_day_is_removed_with_its_blobs() {
        var id = upload(10);
        clock.advance(Duration.ofHours(24));
        assertEquals(0, collector.collect());
        clock.advance(Duration.ofSeconds(1));
        assertEquals(1, collector.collect());
        assertTrue(catalog.readable(id, owner).isEmpty());
        assertTrue(blobs.open(BlobKey.original(id), 0, 1).isEmpty());
        assertTrue(blobs.open(BlobKey.thumbnail(id, 320), 0, 1).isEmpty());
        assertEquals(0, rows());
        assertEquals(0, collector.collect());
    }

    @Test
    void what_a_message_carries_stays_until_that_is_gone() {
        var used = upload(10);
        message(1, used);
        message(2, used);
        clock.advance(Duration.ofDays(400));
        assertEquals(0, collector.collect());
        sql("UPDATE message SET text = NULL, details = '{\"type\":\"file\"}' WHERE seq = 1");
        assertEquals(0, collector.collect());
        sql("DELETE FROM message WHERE seq = 2"); // as retention does
        assertEquals(1, collector.collect());
        assertTrue(blobs.open(BlobKey.original(used), 0, 1).isEmpty());
    }

    @Test
    void an_upload_that_never_ended_and_one_that_was_given_up_are_removed() {
        var died = IDS.media();
        assertInstanceOf(Reservation.Granted.class, catalog.reserve(media(died, 10)));
        blobs.put(BlobKey.original(died), BlobStoreContract.source(new byte[10]));
        var given = IDS.media();
        assertInstanceOf(Reservation.Granted.class, catalog.reserve(media(given, 10)));
        catalog.giveUp(given);
        assertTrue(catalog.readable(died, owner).isEmpty());
        clock.advance(Duration.ofSeconds(1));
        assertEquals(1, collector.collect());
        clock.advance(MediaCatalog.UNUSED_KEPT);
        assertEquals(1, collector.collect());
        assertTrue(blobs.open(BlobKey.original(died), 0, 1).isEmpty());
        assertTrue(catalog.finish(died, null, List.of()).isEmpty());
    }

    @Test
    void a_removal_that_was_cut_off_is_done_again_and_cannot_be_sent_meanwhile() {
        var id = upload(10);
        clock.advance(Duration.ofHours(25));
        try (var away = collector(new Away())) {
            assertThrows(StoreUnavailable.class, away::collect);
        }
        assertEquals(1, rows());
        assertTrue(catalog.readable(id, owner).isEmpty());
        assertTrue(catalog.hold(owner, List.of(id)).isEmpty());
        assertThrows(RuntimeException.class, () -> message(1, id));
        assertEquals(0, collector.collect()); // another node may be at it
        clock.advance(Duration.ofMinutes(6));
        assertEquals(1, collector.collect());
        assertEquals(0, rows());
    }

    @Test
    void what_is_about_to_be_sent_is_not_removed() {
        var id = upload(10);
        clock.advance(Duration.ofHours(24).minusSeconds(1));
        assertEquals(List.of(id), List.copyOf(catalog.hold(owner, List.of(id)).keySet()));
        clock.advance(Duration.ofMinutes(10));
        assertEquals(0, collector.collect());
        message(1, id);
    }

    @Test
    void what_a_person_has_is_listed_and_forgotten_unless_it_is_used() {
        var used = upload(10);
        var unused = upload(10);
        message(1, used);
        assertEquals(
                List.of(used, unused),
                catalog.ownedBy(owner, new MediaId(0), 10).stream()
                        .map(MediaItem::id)
                        .toList());
        assertEquals(
                List.of(unused),
                catalog.ownedBy(owner, used, 10).stream().map(MediaItem::id).toList());
        catalog.forget(owner);
        clock.advance(Duration.ofSeconds(1));
        assertEquals(1, collector.collect());
        assertEquals(
                List.of(used),
                catalog.ownedBy(owner, new MediaId(0), 10).stream()
                        .map(MediaItem::id)
                        .toList());
    }

    @Test
    void a_message_cannot_carry_what_its_sender_did_not_upload() {
        var foreign = upload(10);
        owner = IDS.user();
        assertThrows(RuntimeException.class, () -> message(1, foreign));
        assertTrue(catalog.hold(owner, List.of(foreign)).isEmpty());
    }

    @Test
    void many_nodes_remove_each_once() throws Exception {
        for (int person = 0; person < 40; person++) {
            owner = IDS.user();
            upload(1);
        }
        clock.advance(Duration.ofHours(25));
        try (var nodes = Executors.newFixedThreadPool(4)) {
            List<Future<Integer>> steps = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                steps.add(nodes.submit(collector::collect));
            }
            int removed = 0;
            for (var step : steps) {
                removed += step.get();
            }
            assertEquals(40, removed);
        }
        assertEquals(0, rows());
    }

    @Test
    void a_person_uploads_so_much_a_day_and_no_more_also_at_once() throws Exception {
        upload(600);
        assertTrue(catalog.wait(owner, 400).isEmpty());
        assertTrue(catalog.wait(owner, 401).isPresent());
        var tooMuch = assertInstanceOf(Reservation.TooMuch.class, catalog.reserve(media(IDS.media(), 401)));
        assertEquals(Duration.ofDays(1), tooMuch.retryAfter());
        try (var nodes = Executors.newFixedThreadPool(4)) {
            List<Future<Reservation>> wishes = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                wishes.add(nodes.submit(() -> catalog.reserve(media(IDS.media(), 150))));
            }
            int granted = 0;
            for (var wish : wishes) {
                granted += wish.get() instanceof Reservation.Granted ? 1 : 0;
            }
            assertEquals(2, granted);
        }
        clock.advance(Duration.ofDays(1).plusSeconds(1));
        assertTrue(catalog.wait(owner, 1_000).isEmpty());
        for (int i = 0; i < LIMITS.filesADay(); i++) {
            upload(1);
        }
        assertFalse(catalog.wait(owner, 1).isEmpty());
    }

    @Test
    void a_repeat_finds_its_row_and_another_file_does_not_get_it() {
        var id = IDS.media();
        assertInstanceOf(Reservation.Granted.class, catalog.reserve(media(id, 10)));
        assertInstanceOf(Reservation.Granted.class, catalog.reserve(media(id, 10)));
        assertTrue(catalog.finish(id, null, List.of()).isPresent());
        assertInstanceOf(Reservation.Finished.class, catalog.reserve(media(id, 10)));
        var other = new NewMedia(id, owner, "text/x", 10, null, null, null, new byte[] {9});
        assertInstanceOf(Reservation.IdTaken.class, catalog.reserve(other));
        owner = IDS.user();
        assertInstanceOf(Reservation.IdTaken.class, catalog.reserve(media(id, 10)));
    }

    private MediaId upload(int bytes) {
        var id = IDS.media();
        assertInstanceOf(Reservation.Granted.class, catalog.reserve(media(id, bytes)));
        blobs.put(BlobKey.original(id), BlobStoreContract.source(new byte[bytes]));
        blobs.put(BlobKey.thumbnail(id, 320), BlobStoreContract.source(new byte[1]));
        assertTrue(catalog.finish(id, "image/jpeg", List.of(new MediaItem.Thumbnail(320, 1)))
                .isPresent());
        return id;
    }

    private NewMedia media(MediaId id, int bytes) {
        return new NewMedia(id, owner, "image/png", bytes, 4, 4, "a", new byte[] {1});
    }

    private void message(int seq, MediaId carried) {
        sql("""
                INSERT INTO message (conversation_id, seq, sender_id, client_message_id, body_hash, details, created_at)
                VALUES (1, %d, %d, '%d', '', '{"type":"file","media":[{"id":"%s"}]}', now())
                """.formatted(seq, owner.value(), seq, carried));
    }

    private void sql(String statement) {
        postgres.<Integer, RuntimeException>with(db -> db.execute(statement));
    }

    private int rows() {
        return postgres.with(db -> db.createQuery("SELECT count(*) FROM media")
                .mapTo(Integer.class)
                .one());
    }

    /** Nobody answers. */
    private static final class Away implements BlobStore {
        private static StoreUnavailable away() {
            return new StoreUnavailable("media", new IOException("away"));
        }

        @Override
        public void put(BlobKey key, Source source) {
            throw away();
        }

        @Override
        public Optional<InputStream> open(BlobKey key, long offset, long length) {
            throw away();
        }

        @Override
        public void delete(BlobKey key) {
            throw away();
        }

        @Override
        public void sweep(Instant olderThan) {
            throw away();
        }

        @Override
        public void close() {}
    }
}
