package chat.parley.sendapi.media;

import chat.parley.id.MediaId;
import chat.parley.id.UserId;
import chat.parley.json.JsonText;
import chat.parley.media.MediaCatalog;
import chat.parley.media.MediaItem;
import chat.parley.media.MediaJson;
import chat.parley.media.MediaSettings;
import chat.parley.ops.StoreUnavailable;
import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.idempotency.Idempotency;
import chat.parley.sendapi.idempotency.Reply;
import chat.parley.sendapi.picture.Thumbnails;
import io.javalin.http.Context;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** {@code /v1/media}: HTTP in, HTTP out. Kept by {@link UploadMedia}, sent by {@link Download}. */
public final class MediaRoutes {
    /** For who has all the uploads under way that one may; one of them will be over by then. */
    private static final Duration SLOT_RETRY = Duration.ofSeconds(5);

    private static final int ID_TRIES = 3;

    private final MediaCatalog catalog;
    private final UploadMedia upload;
    private final Download download;
    private final Idempotency idempotency;
    private final UploadBody bodies;
    private final UploadSlots slots = new UploadSlots();
    private final MeterRegistry meters;

    /** Serves these. */
    public MediaRoutes(
            MediaCatalog catalog,
            UploadMedia upload,
            Download download,
            Idempotency idempotency,
            MediaSettings.Limits limits,
            MeterRegistry meters) {
        this.catalog = catalog;
        this.upload = upload;
        this.download = download;
        this.idempotency = idempotency;
        this.bodies = new UploadBody(limits.bytesMax());
        this.meters = meters;
        meters.gauge("parley.media.uploads.underway", slots, UploadSlots::used);
    }

    /** {@code POST}: the body is the file; 201 with what was made of it. */
    public void upload(Context http) {
        var owner = Edge.caller(http).user();
        String name = name(http);
        bodies.check(http);
        catalog.wait(owner, Math.max(0, http.req().getContentLengthLong())).ifPresent(wait -> {
            throw tooMuch(http, wait);
        });
        switch (slots.take(owner)) {
            case PERSON_FULL -> throw tooMuch(http, SLOT_RETRY);
            case NODE_FULL -> throw UploadBody.closing(http, Problem.of(Fault.OVERLOADED));
            case GRANTED -> {
                try {
                    receive(http, owner, name);
                } finally {
                    slots.release(owner);
                }
            }
        }
    }

    private void receive(Context http, UserId owner, @Nullable String name) {
        try (var receiving = new Receiving()) {
            bodies.read(http, receiving.stream());
            var file = receiving.received();
            idempotency.answer(http, identity(file, name), reservation -> {
                for (int tries = 0; tries < ID_TRIES; tries++) {
                    var outcome = keep(owner, reservation.media(), file, name);
                    if (!(outcome instanceof UploadOutcome.IdTaken)) {
                        return reply(http, outcome);
                    }
                    reservation.renew();
                }
                throw new IllegalStateException("no free media id in " + ID_TRIES + " tries");
            });
        } catch (IOException e) {
            throw new StoreUnavailable("disk", e); // the spool's
        }
    }

    private UploadOutcome keep(UserId owner, MediaId id, Received file, @Nullable String name) {
        try {
            return upload.keep(owner, id, file, name);
        } catch (IOException e) {
            throw new StoreUnavailable("disk", e);
        }
    }

    private Reply reply(Context http, UploadOutcome outcome) {
        meters.counter(
                        "parley.media.uploads",
                        "outcome",
                        outcome.getClass().getSimpleName().toLowerCase(Locale.ROOT))
                .increment();
        return switch (outcome) {
            case UploadOutcome.Kept kept -> {
                meters.summary("parley.media.upload.bytes")
                        .record((double) kept.item().bytes());
                yield new Reply(201, JsonText.bytes(json -> MediaJson.write(kept.item(), json)));
            }
            case UploadOutcome.Damaged damaged -> throw ProblemException.field("body", "damaged_picture");
            case UploadOutcome.TooManyPixels tooMany -> throw ProblemException.field("body", "too_many_pixels");
            case UploadOutcome.TooMuch tooMuch -> throw tooMuch(http, tooMuch.retryAfter());
            case UploadOutcome.Busy busy -> throw new ProblemException(Fault.OVERLOADED);
            case UploadOutcome.IdTaken taken -> throw new IllegalStateException("another id is tried before");
        };
    }

    /** {@code GET /v1/media/{media}}: the bytes. */
    public void get(Context http) {
        var item = readable(http);
        download.original(http, item);
    }

    /** {@code GET /v1/media/{media}/thumbnail?size=}: a smaller picture, or the picture where it is small itself. */
    public void thumbnail(Context http) {
        int size = size(http.queryParam("size"));
        var item = readable(http);
        if (!item.isPicture()) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
        var smaller = item.thumbnails().stream()
                .filter(thumbnail -> thumbnail.size() == size)
                .findFirst();
        if (smaller.isPresent()) {
            download.thumbnail(http, item, smaller.get());
        } else {
            download.original(http, item);
        }
    }

    private MediaItem readable(Context http) {
        var reader = Edge.caller(http).user();
        try {
            return catalog.readable(MediaId.parse(http.pathParam("media")), reader)
                    .orElseThrow(() -> new ProblemException(Fault.NOT_FOUND));
        } catch (IllegalArgumentException e) {
            // What cannot be an id names nothing: the same 404 as for what does not exist.
            throw new ProblemException(Fault.NOT_FOUND);
        }
    }

    private static int size(@Nullable String text) {
        if (text == null) {
            return Thumbnails.SIZES.getFirst();
        }
        return Thumbnails.SIZES.stream()
                .filter(size -> size.toString().equals(text))
                .findFirst()
                .orElseThrow(() -> ProblemException.field("size", "not_a_size"));
    }

    private static @Nullable String name(Context http) {
        String name = http.queryParam("name");
        if (name == null) {
            return null;
        }
        String complaint = FileName.complaint(name);
        if (!complaint.isEmpty()) {
            throw UploadBody.closing(http, Problem.field("name", complaint));
        }
        return name;
    }

    private static ProblemException tooMuch(Context http, Duration wait) {
        http.header("Retry-After", Long.toString(Math.max(1, wait.toSeconds())));
        return UploadBody.closing(http, Problem.of(Fault.TOO_MANY_REQUESTS));
    }

    /** What tells a repeat from another upload under the same key. */
    private static byte[] identity(Received file, @Nullable String name) {
        byte[] text = name == null ? new byte[0] : name.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(file.sha256().length + text.length)
                .put(file.sha256())
                .put(text)
                .array();
    }
}
