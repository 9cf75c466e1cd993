package chat.parley.media;

import chat.parley.id.MediaId;
import chat.parley.id.UserId;
import org.jspecify.annotations.Nullable;

/** An upload about to be kept; see {@link MediaItem}. */
public record NewMedia(
        MediaId id,
        UserId owner,
        String type,
        long bytes,
        @Nullable Integer width,
        @Nullable Integer height,
        @Nullable String name,
        byte[] sha256) {}
