package chat.parley.event;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.event.LiveFrame.Entry;
import chat.parley.event.LiveFrame.Ephemeral;
import chat.parley.event.LiveFrame.SessionEnded;
import chat.parley.event.LiveFrame.SessionPaused;
import chat.parley.id.SessionId;
import java.util.Arrays;

/**
 * The bytes of what travels. A stream entry's one field is {@code <time> <type> <key>\n<json>}; a publication is that after
 * {@code <epoch>-<n>} and a blank, put there by {@code redis/publish.lua}, so the JSON is never escaped or parsed on its way. The notice of an ended
 * session is {@code x <id>}, of a paused one {@code z <id>}; what is not stored is a field behind a tilde, {@code ~<time> <type> <key>\n<json>}. Numbers are decimal; everything before the line end is ASCII.
 */
public final class LiveFrames {
    private static final byte SESSION_ENDED = 'x';
    private static final byte SESSION_PAUSED = 'z';
    private static final byte EPHEMERAL = '~';

    private LiveFrames() {}

    /**
     * Reads a publication.
     *
     * @throws IllegalArgumentException if it was not written by this project
     */
    public static LiveFrame decode(byte[] publication) {
        if (publication.length > 2 && publication[0] == SESSION_ENDED) {
            return new SessionEnded(new SessionId(number(publication, 2, publication.length)));
        }
        if (publication.length > 2 && publication[0] == SESSION_PAUSED) {
            return new SessionPaused(new SessionId(number(publication, 2, publication.length)));
        }
        if (publication.length > 0 && publication[0] == EPHEMERAL) {
            return new Ephemeral(event(publication, 1));
        }
        return entryAt(publication, 0);
    }

    /** An entry with its id before it. */
    static Entry entryAt(byte[] publication, int from) {
        int blank = find(publication, (byte) ' ', from);
        return entry(publication, from, blank, blank + 1, publication);
    }

    /** The notice that a session ended. */
    static byte[] encode(SessionEnded ended) {
        return ("x " + ended.session().value()).getBytes(ISO_8859_1);
    }

    /** The notice that a session is paused. */
    static byte[] encode(SessionPaused paused) {
        return ("z " + paused.session().value()).getBytes(ISO_8859_1);
    }

    /** The publication of what no stream keeps. */
    static byte[] encode(Ephemeral ephemeral) {
        byte[] field = encode(ephemeral.event());
        byte[] whole = new byte[field.length + 1];
        whole[0] = EPHEMERAL;
        System.arraycopy(field, 0, whole, 1, field.length);
        return whole;
    }

    /** A stream entry's field. */
    static byte[] encode(EncodedEvent event) {
        byte[] head = (event.timeMillis() + " " + event.type() + " " + event.key() + "\n").getBytes(ISO_8859_1);
        byte[] whole = Arrays.copyOf(head, head.length + event.json().length);
        System.arraycopy(event.json(), 0, whole, head.length, event.json().length);
        return whole;
    }

    /** A stream's entry from its id and its field. */
    static Entry entry(byte[] id, byte[] field) {
        return entry(id, 0, id.length, 0, field);
    }

    private static Entry entry(byte[] id, int idFrom, int idTo, int from, byte[] field) {
        int dash = find(id, (byte) '-', idFrom);
        return new Entry(number(id, idFrom, dash), number(id, dash + 1, idTo), event(field, from));
    }

    private static EncodedEvent event(byte[] field, int from) {
        int time = find(field, (byte) ' ', from);
        int type = find(field, (byte) ' ', time + 1);
        int key = find(field, (byte) '\n', type + 1);
        return new EncodedEvent(
                new String(field, time + 1, type - time - 1, ISO_8859_1),
                new String(field, type + 1, key - type - 1, ISO_8859_1),
                number(field, from, time),
                Arrays.copyOfRange(field, key + 1, field.length));
    }

    private static int find(byte[] bytes, byte wanted, int from) {
        for (int at = from; at < bytes.length; at++) {
            if (bytes[at] == wanted) {
                return at;
            }
        }
        throw new IllegalArgumentException("not a frame of ours");
    }

    private static long number(byte[] bytes, int from, int to) {
        if (from >= to) {
            throw new IllegalArgumentException("not a frame of ours");
        }
        long number = 0;
        for (int at = from; at < to; at++) {
            int digit = bytes[at] - '0';
            if (digit < 0 || digit > 9) {
                throw new IllegalArgumentException("not a frame of ours");
            }
            number = number * 10 + digit;
        }
        return number;
    }
}
