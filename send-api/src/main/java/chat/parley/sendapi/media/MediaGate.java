package chat.parley.sendapi.media;

import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import io.javalin.http.Context;
import org.jspecify.annotations.Nullable;

/** {@code /v1/media} of a server that may have no place for media: its URLs are there all the same, and say so. */
public final class MediaGate {
    private final @Nullable MediaRoutes media;

    /** @param media null where none are kept */
    public MediaGate(@Nullable MediaRoutes media) {
        this.media = media;
    }

    /** {@code POST}. */
    public void upload(Context http) {
        open().upload(http);
    }

    /** {@code GET /v1/media/{media}}. */
    public void get(Context http) {
        open().get(http);
    }

    /** {@code GET /v1/media/{media}/thumbnail}. */
    public void thumbnail(Context http) {
        open().thumbnail(http);
    }

    private MediaRoutes open() {
        if (media == null) {
            throw new ProblemException(Fault.MEDIA_OFF);
        }
        return media;
    }
}
