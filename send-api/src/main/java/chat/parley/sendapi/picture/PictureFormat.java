package chat.parley.sendapi.picture;

/** The kinds of pictures that browsers show and that are cleaned here. */
public enum PictureFormat {
    /** ISO/IEC 15948. */
    PNG("image/png"),
    /** ITU-T T.81 with JFIF. */
    JPEG("image/jpeg"),
    /** GIF89a. */
    GIF("image/gif"),
    /** RFC 9649. */
    WEBP("image/webp");

    private final String type;

    PictureFormat(String type) {
        this.type = type;
    }

    /** The media type. */
    public String type() {
        return type;
    }
}
