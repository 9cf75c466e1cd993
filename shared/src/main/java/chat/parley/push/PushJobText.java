package chat.parley.push;

import chat.parley.event.Cursor;
import chat.parley.id.ConversationId;
import chat.parley.id.DeviceId;
import chat.parley.id.UserId;
import chat.parley.push.PushJob.Clear;
import chat.parley.push.PushJob.Only;
import chat.parley.push.PushJob.Test;
import chat.parley.push.PushJob.Wake;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A job as it stands in the queue: words, beginning with its kind, the user, the one device or {@code *}, its failures and the time. */
final class PushJobText {
    private static final String WAKE = "w";
    private static final String CLEAR = "c";
    private static final String TEST = "t";
    private static final String EVERY_DEVICE = "*";
    private static final String CONNECTED = "1";
    private static final String ABSENT = "0";

    private static final int COMMON_WORDS = 5;
    private static final int WAKE_WORDS = COMMON_WORDS + 4;
    private static final int CLEAR_WORDS = COMMON_WORDS + 2;

    private PushJobText() {}

    /** Matches every job of {@code user}, as a pattern of Redis. */
    static String patternOf(UserId user) {
        return "? " + user.value() + " *";
    }

    static String of(PushJob job) {
        return switch (job) {
            case Wake wake ->
                String.join(
                        " ",
                        common(WAKE, wake),
                        Long.toString(wake.conversation().value()),
                        Long.toString(wake.seq()),
                        wake.resumeFrom().toString(),
                        wake.connected() ? CONNECTED : ABSENT);
            case Clear clear ->
                String.join(
                        " ",
                        common(CLEAR, clear),
                        Long.toString(clear.conversation().value()),
                        Long.toString(clear.readSeq()));
            case Test test -> common(TEST, test);
        };
    }

    /** @throws IllegalArgumentException if it was not written by this project */
    static PushJob parse(String text) {
        var words = text.split(" ", -1);
        if (words.length < COMMON_WORDS) {
            throw new IllegalArgumentException("a push job has more than " + words.length + " words");
        }
        var user = new UserId(Long.parseLong(words[1]));
        var only = words[2].equals(EVERY_DEVICE) ? null : new Only(new DeviceId(words[2]), Integer.parseInt(words[3]));
        var at = Instant.ofEpochMilli(Long.parseLong(words[4]));
        return switch (words[0]) {
            case WAKE -> {
                require(words, WAKE_WORDS);
                var resumeFrom = Cursor.parse(words[7]).orElseThrow(() -> new IllegalArgumentException("not a cursor"));
                boolean connected = words[8].equals(CONNECTED);
                yield new Wake(user, conversation(words), Long.parseLong(words[6]), resumeFrom, at, connected, only);
            }
            case CLEAR -> {
                require(words, CLEAR_WORDS);
                yield new Clear(user, conversation(words), Long.parseLong(words[6]), at, only);
            }
            case TEST -> {
                require(words, COMMON_WORDS);
                if (only == null) {
                    throw new IllegalArgumentException("a test is for one device");
                }
                yield new Test(user, at, only);
            }
            default -> throw new IllegalArgumentException("no kind of push job: " + words[0]);
        };
    }

    private static String common(String kind, PushJob job) {
        @Nullable Only only = job.only();
        return String.join(
                " ",
                kind,
                Long.toString(job.user().value()),
                only == null ? EVERY_DEVICE : only.device().text(),
                only == null ? "0" : Integer.toString(only.failures()),
                Long.toString(job.at().toEpochMilli()));
    }

    private static ConversationId conversation(String[] words) {
        return new ConversationId(Long.parseLong(words[5]));
    }

    private static void require(String[] words, int count) {
        if (words.length != count) {
            throw new IllegalArgumentException("a push job of this kind has " + count + " words, not " + words.length);
        }
    }
}
