package chat.parley.sendapi.picture;

/**
 * What is known of a picture whose every part was looked at.
 *
 * @param width as stored, before it is turned
 * @param height likewise
 * @param orientation 1 to 8, as EXIF counts
 * @param costly whether decoding it would take far longer than its size tells
 */
public record CleanPicture(int width, int height, int orientation, boolean costly) {
    private static final int FIRST_LYING_ORIENTATION = 5;

    /** Width as it is shown. */
    public int shownWidth() {
        return isLying() ? height : width;
    }

    /** Height as it is shown. */
    public int shownHeight() {
        return isLying() ? width : height;
    }

    private boolean isLying() {
        return orientation >= FIRST_LYING_ORIENTATION;
    }
}
