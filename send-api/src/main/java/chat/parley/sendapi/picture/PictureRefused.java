package chat.parley.sendapi.picture;

/** Ends the reading of a picture, from however deep in its structure. Carries no trace, since it is an answer. */
final class PictureRefused extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean tooLarge;

    private PictureRefused(String why, boolean tooLarge) {
        super(why, null, false, false);
        this.tooLarge = tooLarge;
    }

    static PictureRefused damaged(String why) {
        return new PictureRefused(why, false);
    }

    static PictureRefused tooLarge() {
        return new PictureRefused("too many pixels", true);
    }

    boolean isTooLarge() {
        return tooLarge;
    }
}
