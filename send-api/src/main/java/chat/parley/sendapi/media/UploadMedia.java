package chat.parley.sendapi.media;

import chat.parley.id.MediaId;
import chat.parley.id.UserId;
import chat.parley.media.BlobKey;
import chat.parley.media.BlobStore;
import chat.parley.media.MediaCatalog;
import chat.parley.media.MediaItem;
import chat.parley.media.NewMedia;
import chat.parley.media.Reservation;
import chat.parley.media.SpoolFile;
import chat.parley.ops.StoreUnavailable;
import chat.parley.sendapi.picture.CleanPicture;
import chat.parley.sendapi.picture.CleaningOutcome;
import chat.parley.sendapi.picture.PictureCleaner;
import chat.parley.sendapi.picture.PictureFormat;
import chat.parley.sendapi.picture.Thumbnails;
import java.io.IOException;
import java.util.ArrayList;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one upload: what it is, cleaned, entered, its smaller pictures, its blobs, and only then readable. Knows nothing of HTTP. Throws
 * {@link StoreUnavailable} when a store is away; whatever was written until then the collector finds by its row.
 */
public final class UploadMedia {
    private static final Logger LOG = LoggerFactory.getLogger(UploadMedia.class);

    private final MediaCatalog catalog;
    private final BlobStore blobs;
    private final PictureCleaner cleaner;
    private final Thumbnails thumbnails;

    /** All are closed by the caller. */
    public UploadMedia(MediaCatalog catalog, BlobStore blobs, PictureCleaner cleaner, Thumbnails thumbnails) {
        this.catalog = catalog;
        this.blobs = blobs;
        this.cleaner = cleaner;
        this.thumbnails = thumbnails;
    }

    /** Under the same id and with the same bytes it may be repeated. */
    UploadOutcome keep(UserId owner, MediaId id, Received file, @Nullable String name) throws IOException {
        var type = MediaType.of(file.head());
        if (type.picture() == null) {
            var media = new NewMedia(id, owner, type.name(), file.bytes().length(), null, null, name, file.sha256());
            return keep(media, file.bytes(), null, null);
        }
        var out = new Receiving();
        try (out) {
            var outcome = cleaner.clean(type.picture(), file.bytes()::open, out.stream());
            return switch (outcome) {
                case CleaningOutcome.Damaged damaged -> new UploadOutcome.Damaged();
                case CleaningOutcome.TooManyPixels tooMany -> new UploadOutcome.TooManyPixels();
                case CleaningOutcome.Clean clean -> {
                    var cleaned = out.received();
                    var picture = clean.picture();
                    var media = new NewMedia(
                            id,
                            owner,
                            type.name(),
                            cleaned.bytes().length(),
                            picture.shownWidth(),
                            picture.shownHeight(),
                            name,
                            cleaned.sha256());
                    yield keep(media, cleaned.bytes(), type.picture(), picture);
                }
            };
        }
    }

    private UploadOutcome keep(
            NewMedia media, SpoolFile bytes, @Nullable PictureFormat format, @Nullable CleanPicture picture) {
        return switch (catalog.reserve(media)) {
            case Reservation.TooMuch tooMuch -> new UploadOutcome.TooMuch(tooMuch.retryAfter());
            case Reservation.IdTaken taken -> new UploadOutcome.IdTaken();
            case Reservation.Finished finished -> new UploadOutcome.Kept(finished.item());
            case Reservation.Granted granted -> store(media, bytes, format, picture);
        };
    }

    private UploadOutcome store(
            NewMedia media, SpoolFile bytes, @Nullable PictureFormat format, @Nullable CleanPicture picture) {
        boolean kept = false;
        try (var smaller = format == null || picture == null ? null : thumbnails.make(format, bytes, picture)) {
            blobs.put(BlobKey.original(media.id()), bytes);
            var made = new ArrayList<MediaItem.Thumbnail>();
            if (smaller != null) {
                for (var thumbnail : smaller.thumbnails()) {
                    blobs.put(BlobKey.thumbnail(media.id(), thumbnail.size()), thumbnail.bytes());
                    made.add(new MediaItem.Thumbnail(
                            thumbnail.size(), (int) thumbnail.bytes().length()));
                }
            }
            var finished = catalog.finish(media.id(), made.isEmpty() || smaller == null ? null : smaller.type(), made);
            kept = finished.isPresent();
            return finished.<UploadOutcome>map(UploadOutcome.Kept::new).orElseGet(UploadOutcome.IdTaken::new);
        } catch (RejectedExecutionException e) {
            LOG.warn("no room for another picture", e);
            return new UploadOutcome.Busy();
        } finally {
            if (!kept) {
                giveUp(media.id());
            }
        }
    }

    private void giveUp(MediaId id) {
        try {
            catalog.giveUp(id);
        } catch (StoreUnavailable e) {
            LOG.warn("what is left of upload {} goes when its day is over: {}", id, e.getMessage());
        }
    }
}
