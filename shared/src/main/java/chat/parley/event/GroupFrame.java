package chat.parley.event;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

/**
 * What travels on a large group's live channel.
 *
 * @param departedMillis when someone left the group last, before this event; 0 if nobody did
 * @param entry of the group's stream, whole also where the stream holds only a reference; its epoch is the time of the entry
 */
public record GroupFrame(long departedMillis, LiveFrame.Entry entry) {
    /**
     * Reads a publication of {@code redis/publish_group.lua}.
     *
     * @throws IllegalArgumentException if it was not written by this project
     */
    public static GroupFrame decode(byte[] publication) {
        int blank = 0;
        while (blank < publication.length && publication[blank] != ' ') {
            blank++;
        }
        long departed = Long.parseLong(new String(publication, 0, blank, ISO_8859_1), 10);
        return new GroupFrame(departed, LiveFrames.entryAt(publication, blank + 1));
    }
}
