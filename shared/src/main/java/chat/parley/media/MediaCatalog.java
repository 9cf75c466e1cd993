package chat.parley.media;

import chat.parley.id.MediaId;
import chat.parley.id.UserId;
import chat.parley.postgres.Postgres;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** The table {@code media}: what was uploaded, and who may read it. Safe for use by many threads and nodes. */
public final class MediaCatalog {
    /** What nothing has used by then is removed. */
    public static final Duration UNUSED_KEPT = Duration.ofHours(24);

    /** What quotas look back on. */
    private static final Duration DAY = Duration.ofDays(1);

    /** A node that removes something and died is followed by another one after this long. */
    private static final Duration REMOVAL_LEASE = Duration.ofMinutes(5);

    /** Longer than any send. */
    private static final Duration HELD = Duration.ofHours(1);

    /** Beside an owner's id in the key of a lock: nobody else locks by such pairs. */
    private static final int QUOTA_LOCK = 6;

    private static final String COLUMNS =
            "id, owner_id, type, bytes, width, height, name, sha256, thumbnail_type, thumbnail_sizes, thumbnail_bytes";

    private static final String USAGE = """
            SELECT count(*) AS files, coalesce(sum(bytes), 0) AS bytes, min(created_at) AS oldest
            FROM media WHERE owner_id = :owner AND created_at > :since AND id <> :id
            """;

    private static final String INSERT = """
            INSERT INTO media (id, owner_id, state, type, bytes, width, height, name, sha256, created_at, remove_after)
            VALUES (:id, :owner, 'writing', :type, :bytes, :width, :height, :name, :sha256, :now, :removeAfter)
            ON CONFLICT DO NOTHING
            """;

    private static final String EXISTING =
            "SELECT state, " + COLUMNS + " FROM media WHERE id = :id AND owner_id = :owner AND sha256 = :sha256";

    private static final String FINISH = """
            UPDATE media
            SET state = 'ready', thumbnail_type = :thumbnailType, thumbnail_sizes = :sizes, thumbnail_bytes = :lengths,
                remove_after = :removeAfter
            WHERE id = :id AND state = 'writing'
            """;

    private static final String READY = "SELECT " + COLUMNS + " FROM media WHERE id = :id AND state = 'ready'";

    private static final String GIVE_UP = "UPDATE media SET remove_after = :now WHERE id = :id AND state = 'writing'";

    private static final String READABLE = READY + """
             AND (owner_id = :reader
                OR EXISTS (
                    SELECT FROM media_use u JOIN member m ON m.conversation_id = u.conversation_id AND m.user_id = :reader
                    WHERE u.media_id = media.id AND m.left_at IS NULL AND u.seq >= m.joined_seq)
                OR EXISTS (SELECT FROM users p WHERE p.avatar_media_id = media.id))
            """;

    /** Their owner is about to send them: they stay long enough for that. */
    private static final String HOLD = """
            UPDATE media SET remove_after = greatest(remove_after, :until)
            WHERE id = ANY(:ids) AND owner_id = :owner AND state = 'ready'
            RETURNING
            """ + COLUMNS;

    private static final String OWNED = "SELECT " + COLUMNS
            + " FROM media WHERE owner_id = :owner AND state = 'ready' AND id > :after ORDER BY id LIMIT :most";

    private static final String FORGET =
            "UPDATE media SET remove_after = :now WHERE owner_id = :owner AND state <> 'removing' AND remove_after > :now";

    private static final String CLAIM = """
            UPDATE media SET state = 'removing', remove_after = :again WHERE id IN (
                SELECT id FROM media WHERE remove_after < :now ORDER BY remove_after LIMIT :step FOR UPDATE SKIP LOCKED)
            RETURNING id
            """;

    private static final String REMOVED = "DELETE FROM media WHERE id = :id AND state = 'removing'";

    private final Postgres postgres;
    private final InstantSource clock;
    private final MediaSettings.Limits limits;

    /** @param limits of what one person uploads */
    public MediaCatalog(Postgres postgres, InstantSource clock, MediaSettings.Limits limits) {
        this.postgres = postgres;
        this.clock = clock;
        this.limits = limits;
    }

    /** How long this person must wait until so many bytes may come, as far as is known now; empty where they may. */
    public Optional<Duration> wait(UserId owner, long bytes) {
        return postgres.with(db -> wait(db, new MediaId(0), owner, bytes));
    }

    /** Enters an upload, within its owner's quota; may be repeated. It is removed later if it is never finished. */
    public Reservation reserve(NewMedia upload) {
        Instant now = clock.instant();
        return postgres.inTransaction(db -> {
            lockQuota(db, upload.owner());
            var wait = wait(db, upload.id(), upload.owner(), upload.bytes());
            if (wait.isPresent()) {
                return new Reservation.TooMuch(wait.get());
            }
            int inserted = db.createUpdate(INSERT)
                    .bind("id", upload.id().value())
                    .bind("owner", upload.owner().value())
                    .bind("type", upload.type())
                    .bind("bytes", upload.bytes())
                    .bind("width", upload.width())
                    .bind("height", upload.height())
                    .bind("name", upload.name())
                    .bind("sha256", upload.sha256())
                    .bind("now", utc(now))
                    .bind("removeAfter", utc(now.plus(UNUSED_KEPT)))
                    .execute();
            return inserted == 1 ? new Reservation.Granted() : existing(db, upload);
        });
    }

    /** The blobs of an upload are there: from now on it can be read. Empty if it was given up meanwhile. */
    public Optional<MediaItem> finish(
            MediaId id, @Nullable String thumbnailType, List<MediaItem.Thumbnail> thumbnails) {
        return postgres.inTransaction(db -> {
            db.createUpdate(FINISH)
                    .bind("id", id.value())
                    .bind("thumbnailType", thumbnailType)
                    .bindArray("sizes", Integer.class, (Object[])
                            thumbnails.stream().map(MediaItem.Thumbnail::size).toArray(Integer[]::new))
                    .bindArray("lengths", Integer.class, (Object[])
                            thumbnails.stream().map(MediaItem.Thumbnail::bytes).toArray(Integer[]::new))
                    .bind("removeAfter", utc(clock.instant().plus(UNUSED_KEPT)))
                    .execute();
            return one(db.createQuery(READY).bind("id", id.value()));
        });
    }

    /** An upload will not be finished: the collector may have it. */
    public void giveUp(MediaId id) {
        postgres.<Integer, RuntimeException>with(db -> db.createUpdate(GIVE_UP)
                .bind("id", id.value())
                .bind("now", utc(clock.instant()))
                .execute());
    }

    /** One that {@code reader} uploaded, or that a message carries which {@code reader} may see, or that is somebody's picture. */
    public Optional<MediaItem> readable(MediaId id, UserId reader) {
        return postgres.with(
                db -> one(db.createQuery(READABLE).bind("id", id.value()).bind("reader", reader.value())));
    }

    /**
     * Those of {@code ids} that {@code owner} uploaded, by id. What nothing uses yet stays for as long as a send can take.
     */
    public Map<MediaId, MediaItem> hold(UserId owner, Collection<MediaId> ids) {
        Long[] values = ids.stream().map(MediaId::value).toArray(Long[]::new);
        return postgres.with(db -> db.createQuery(HOLD)
                .bindArray("ids", Long.class, (Object[]) values)
                .bind("owner", owner.value())
                .bind("until", utc(clock.instant().plus(HELD)))
                .map((row, context) -> item(row))
                .collect(Collectors.toMap(MediaItem::id, Function.identity())));
    }

    /** What a person uploaded and is still there, by id, those after {@code after}. */
    public List<MediaItem> ownedBy(UserId owner, MediaId after, int most) {
        return postgres.with(db -> db.createQuery(OWNED)
                .bind("owner", owner.value())
                .bind("after", after.value())
                .bind("most", most)
                .map((row, context) -> item(row))
                .list());
    }

    /** What a person uploaded and nothing uses need not wait for its day to end: the collector may have it. */
    public void forget(UserId owner) {
        postgres.<Integer, RuntimeException>with(db -> db.createUpdate(FORGET)
                .bind("owner", owner.value())
                .bind("now", utc(clock.instant()))
                .execute());
    }

    /** Whether anything that a person uploaded is still there, in whatever state. */
    public boolean hasAnythingOf(UserId owner) {
        return postgres.with(db -> db.createQuery("SELECT EXISTS (SELECT FROM media WHERE owner_id = :owner)")
                .bind("owner", owner.value())
                .mapTo(Boolean.class)
                .one());
    }

    /** Takes some that nothing uses any more out of service. For them to be gone: their blobs, then {@link #removed}. */
    List<MediaId> claimUnused(int most) {
        Instant now = clock.instant();
        return postgres.with(db -> db.createQuery(CLAIM)
                .bind("now", utc(now))
                .bind("again", utc(now.plus(REMOVAL_LEASE)))
                .bind("step", most)
                .map((row, context) -> new MediaId(row.getLong("id")))
                .list());
    }

    /** Their blobs are gone. */
    void removed(Collection<MediaId> ids) {
        postgres.<Integer, RuntimeException>with(db -> {
            var batch = db.prepareBatch(REMOVED);
            ids.forEach(id -> batch.bind("id", id.value()).add());
            return ids.isEmpty() ? 0 : Arrays.stream(batch.execute()).sum();
        });
    }

    private Optional<Duration> wait(Handle db, MediaId id, UserId owner, long bytes) {
        Instant now = clock.instant();
        return db.createQuery(USAGE)
                .bind("owner", owner.value())
                .bind("since", utc(now.minus(DAY)))
                .bind("id", id.value())
                .map((row, context) -> {
                    boolean tooMuch = row.getLong("files") >= limits.filesADay()
                            || row.getLong("bytes") + bytes > limits.bytesADay();
                    if (!tooMuch) {
                        return Optional.<Duration>empty();
                    }
                    var oldest = row.getObject("oldest", OffsetDateTime.class);
                    var since = oldest == null ? now : oldest.toInstant();
                    return Optional.of(Duration.between(now, since.plus(DAY)));
                })
                .one();
    }

    /** Two uploads of one person at once must not both find the last room. */
    private static void lockQuota(Handle db, UserId owner) {
        db.createQuery("SELECT pg_advisory_xact_lock(:kind, hashint8(:owner))")
                .bind("kind", QUOTA_LOCK)
                .bind("owner", owner.value())
                .map((row, context) -> true)
                .one();
    }

    private static Reservation existing(Handle db, NewMedia upload) {
        return db.createQuery(EXISTING)
                .bind("id", upload.id().value())
                .bind("owner", upload.owner().value())
                .bind("sha256", upload.sha256())
                .map((row, context) -> switch (row.getString("state")) {
                    case "ready" -> new Reservation.Finished(item(row));
                    case "writing" ->
                        new Reservation.Granted(); // its first attempt died, or is at work on the same bytes
                    default -> new Reservation.IdTaken();
                })
                .findOne()
                .orElseGet(Reservation.IdTaken::new);
    }

    private static Optional<MediaItem> one(Query query) {
        return query.map((row, context) -> item(row)).findOne();
    }

    static MediaItem item(ResultSet row) throws SQLException {
        int width = row.getInt("width");
        boolean picture = !row.wasNull();
        return new MediaItem(
                new MediaId(row.getLong("id")),
                new UserId(row.getLong("owner_id")),
                row.getString("type"),
                row.getLong("bytes"),
                picture ? width : null,
                picture ? row.getInt("height") : null,
                row.getString("name"),
                row.getBytes("sha256"),
                row.getString("thumbnail_type"),
                thumbnails(row.getArray("thumbnail_sizes"), row.getArray("thumbnail_bytes")));
    }

    private static List<MediaItem.Thumbnail> thumbnails(Array sizes, Array lengths) throws SQLException {
        var size = (Integer[]) sizes.getArray();
        var length = (Integer[]) lengths.getArray();
        var thumbnails = new ArrayList<MediaItem.Thumbnail>(size.length);
        for (int i = 0; i < size.length; i++) {
            thumbnails.add(new MediaItem.Thumbnail(size[i], length[i]));
        }
        return thumbnails;
    }

    private static OffsetDateTime utc(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
