package chat.parley.notifier;

import chat.parley.event.Cursor;
import chat.parley.id.ConversationId;
import chat.parley.push.Device;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One push to one device, in nobody's dialect yet. */
sealed interface Push {
    /** The key of what comes from no conversation that may be named. */
    String UNNAMED = "new";

    /** Who is woken. */
    Device device();

    /** Unread messages of the person, all conversations together. */
    long badge();

    /** From then on nobody wants it any more; whole seconds are enough. */
    Instant expiresAt();

    /** Pushes with the same key replace each other on the device and at the vendor: 13 characters at most, letters and digits. */
    String collapseKey();

    /**
     * Something to see.
     *
     * @param title one line
     * @param body may be cut to fit; whole it is 1,000 characters at most
     * @param urgent worth the radio now; else when the device is awake anyway
     * @param origin the message; null for a test and for people who want no preview
     * @param resumeFrom where the woken client resumes its stream; null for a test
     */
    record Alert(
            Device device,
            long badge,
            Instant expiresAt,
            String title,
            String body,
            boolean urgent,
            @Nullable Origin origin,
            @Nullable Cursor resumeFrom)
            implements Push {
        @Override
        public String collapseKey() {
            return origin == null ? UNNAMED : origin.conversation.toString();
        }

        /** The same with less to read. */
        Alert withBody(String shorter) {
            return new Alert(device, badge, expiresAt, title, shorter, urgent, origin, resumeFrom);
        }
    }

    /** The message that a push is about. */
    record Origin(ConversationId conversation, long seq) {}

    /**
     * Takes back what was shown: it was read elsewhere.
     *
     * @param conversation null for people who want no preview: then all of theirs is read
     * @param readSeq up to and with this message, where there is a conversation
     */
    record Clear(
            Device device,
            long badge,
            Instant expiresAt,
            @Nullable ConversationId conversation,
            long readSeq) implements Push {
        @Override
        public String collapseKey() {
            return conversation == null ? UNNAMED : conversation.toString();
        }
    }
}
