package chat.parley.media;

import chat.parley.ops.Secret;
import chat.parley.ops.Settings;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where media are kept, and how much.
 *
 * @param place null: this server takes no media
 */
public record MediaSettings(@Nullable Place place, Limits limits) {
    /** Where blobs are. */
    public sealed interface Place permits Folder, S3 {}

    /** In a folder. */
    public record Folder(Path path) implements Place {}

    /**
     * In a bucket.
     *
     * @param prefix begins every object's name; empty, or ends with a slash
     * @param endpoint null: Amazon's
     * @param key null: the SDK looks for credentials where it always does: {@code AWS_} variables, the shared files, the machine's role
     */
    public record S3(
            String bucket,
            String prefix,
            @Nullable URI endpoint,
            String region,
            @Nullable String key,
            @Nullable Secret secret)
            implements Place {}

    /**
     * How much is taken.
     *
     * @param bytesMax of one file
     * @param pixelsMax of one picture
     * @param bytesADay of one person, of what was uploaded in the last 24 hours
     * @param filesADay of one person, likewise
     */
    public record Limits(long bytesMax, long pixelsMax, long bytesADay, int filesADay) {
        /** The defaults. */
        public static final Limits DEFAULT = new Limits(25 * MB, 40 * MEGAPIXEL, 1_000 * MB, 2_000);
    }

    private static final long MB = 1_000_000;
    private static final long MEGAPIXEL = 1_000_000;

    /** Kept in a folder, with the default limits. */
    public static MediaSettings folder(Path path) {
        return new MediaSettings(new Folder(path), Limits.DEFAULT);
    }

    /** Reads {@code PARLEY_MEDIA} and what belongs to it. */
    public static MediaSettings from(Settings settings) {
        String place = settings.text("PARLEY_MEDIA", "");
        // Read in any case, so that they are known names.
        String endpoint = settings.text("PARLEY_MEDIA_S3_ENDPOINT", "");
        String region = settings.text("PARLEY_MEDIA_S3_REGION", "us-east-1");
        String key = settings.textOrNull("PARLEY_MEDIA_S3_KEY");
        Secret secret = settings.secretOrNull("PARLEY_MEDIA_S3_SECRET");
        if ((key == null) != (secret == null)) {
            throw new IllegalArgumentException(
                    "PARLEY_MEDIA_S3_KEY and PARLEY_MEDIA_S3_SECRET belong together: set both or none");
        }
        var limits = limits(settings);
        if (place.isEmpty()) {
            return new MediaSettings(null, limits);
        }
        if (place.startsWith("file:")) {
            return new MediaSettings(new Folder(folder(place)), limits);
        }
        if (place.startsWith("s3://")) {
            String rest = place.substring("s3://".length());
            int slash = rest.indexOf('/');
            String bucket = slash < 0 ? rest : rest.substring(0, slash);
            String prefix = slash < 0 ? "" : rest.substring(slash + 1);
            if (!bucket.matches("[a-z0-9.-]{3,63}")) {
                throw notAPlace(place);
            }
            return new MediaSettings(
                    new S3(
                            bucket,
                            prefix.isEmpty() || prefix.endsWith("/") ? prefix : prefix + "/",
                            endpoint.isEmpty() ? null : endpoint(endpoint),
                            region,
                            key,
                            secret),
                    limits);
        }
        throw notAPlace(place);
    }

    private static Limits limits(Settings settings) {
        return new Limits(
                MB
                        * settings.number(
                                "PARLEY_MEDIA_MAX_MB",
                                25,
                                1,
                                2_000,
                                "a file is written to disk before it is kept, and S3 takes no more in one piece"),
                MEGAPIXEL
                        * settings.number(
                                "PARLEY_MEDIA_MAX_MEGAPIXELS",
                                40,
                                1,
                                200,
                                "a picture is decoded in memory to make it smaller"),
                MB
                        * settings.number(
                                "PARLEY_MEDIA_DAILY_MB",
                                1_000,
                                1,
                                1_000_000,
                                "it is what one person may upload in a day, a terabyte at most"),
                settings.number(
                        "PARLEY_MEDIA_DAILY_FILES",
                        2_000,
                        1,
                        1_000_000,
                        "it is what one person may upload in a day, and each costs a core up to a second"));
    }

    private static Path folder(String place) {
        String path = place.substring("file:".length());
        if (path.startsWith("//")) {
            path = path.substring(2); // file:///srv/media is written as often as file:/srv/media
        }
        if (path.isBlank()) {
            throw notAPlace(place);
        }
        return Path.of(path);
    }

    private static URI endpoint(String text) {
        try {
            var uri = new URI(text);
            String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
            if (uri.getHost() != null
                    && (scheme.equals("https") || scheme.equals("http"))
                    && uri.getUserInfo() == null) {
                return uri;
            }
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(NOT_AN_ENDPOINT, e);
        }
        throw new IllegalArgumentException(NOT_AN_ENDPOINT);
    }

    private static final String NOT_AN_ENDPOINT =
            "PARLEY_MEDIA_S3_ENDPOINT is not an address; it looks like https://s3.example.com, and holds no password";

    private static IllegalArgumentException notAPlace(String place) {
        return new IllegalArgumentException(
                "PARLEY_MEDIA is " + place + "; it must be file:/a/folder or s3://bucket or s3://bucket/prefix");
    }
}
