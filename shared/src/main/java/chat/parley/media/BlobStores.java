package chat.parley.media;

/** Opens the store that the settings name. */
public final class BlobStores {
    private BlobStores() {}

    /** Does not ask whether an S3 server is there: a node starts without it, and messages go on. */
    public static BlobStore open(MediaSettings.Place place) {
        return switch (place) {
            case MediaSettings.Folder folder -> new DirectoryBlobStore(folder.path());
            case MediaSettings.S3 s3 -> new S3BlobStore(s3);
        };
    }
}
