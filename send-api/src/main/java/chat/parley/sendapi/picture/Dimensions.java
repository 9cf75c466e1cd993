package chat.parley.sendapi.picture;

/** Width and height, checked before anything is made of that size. */
record Dimensions(int width, int height) {
    /** Longest side: more than any panorama of a phone has, and a row of it fits in memory many times. */
    private static final int SIDE_MAX = 30_000;

    static Dimensions of(int width, int height, long pixelsMax) throws PictureRefused {
        if (width <= 0 || height <= 0) {
            throw PictureRefused.damaged("no width or no height");
        }
        if (width > SIDE_MAX || height > SIDE_MAX || (long) width * height > pixelsMax) {
            throw PictureRefused.tooLarge();
        }
        return new Dimensions(width, height);
    }

    long pixels() {
        return (long) width * height;
    }
}
