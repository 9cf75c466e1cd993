package chat.parley.media;

import chat.parley.id.MediaId;
import java.util.regex.Pattern;

/** Names one blob, in every adapter by the same text. Spread over 1,024 folders by the part of the id that counts, since its beginning is time. */
public record BlobKey(String text) {
    private static final Pattern FORM = Pattern.compile("[0-9A-Z]{2}/[0-9A-Z]{13}\\.[a-z0-9]{1,8}");

    /** Two characters of base32. */
    private static final int FOLDER_CHARS = 2;

    /** A text of another form never reaches a file system. */
    public BlobKey {
        if (!FORM.matcher(text).matches()) {
            throw new IllegalArgumentException("not the key of a blob: " + text);
        }
    }

    /** What was uploaded. */
    public static BlobKey original(MediaId id) {
        return of(id, "orig");
    }

    /** A smaller picture of it. */
    public static BlobKey thumbnail(MediaId id, int size) {
        return of(id, "t" + size);
    }

    private static BlobKey of(MediaId id, String part) {
        String name = id.toString();
        return new BlobKey(name.substring(name.length() - FOLDER_CHARS) + "/" + name + "." + part);
    }
}
