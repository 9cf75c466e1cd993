package chat.parley.push;

import chat.parley.event.Cursor;
import chat.parley.id.ConversationId;
import chat.parley.id.DeviceId;
import chat.parley.id.UserId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A note about a push that is perhaps to be made. Equal jobs are one. */
public sealed interface PushJob {
    /** Whose devices it concerns. */
    UserId user();

    /** When its reason came about: from this its pushes grow stale. */
    Instant at();

    /** The one device that is left to try; null: every device. */
    @Nullable
    Only only();

    /** The same for one device. */
    PushJob only(Only one);

    /**
     * One device.
     *
     * @param failures how often its vendor could not take the push
     */
    record Only(DeviceId device, int failures) {}

    /**
     * A message came, and some device of this person did not get it by a stream.
     *
     * @param resumeFrom where the woken client resumes its stream to receive the message
     * @param at when the message was sent
     * @param connected whether another device of theirs got it
     */
    record Wake(
            UserId user,
            ConversationId conversation,
            long seq,
            Cursor resumeFrom,
            Instant at,
            boolean connected,
            @Nullable Only only)
            implements PushJob {
        @Override
        public Wake only(Only one) {
            return new Wake(user, conversation, seq, resumeFrom, at, connected, one);
        }
    }

    /**
     * Something was read that a device still shows.
     *
     * @param readSeq up to this message
     */
    record Clear(
            UserId user,
            ConversationId conversation,
            long readSeq,
            Instant at,
            @Nullable Only only) implements PushJob {
        @Override
        public Clear only(Only one) {
            return new Clear(user, conversation, readSeq, at, one);
        }
    }

    /** Somebody wants to see whether pushes reach a device. */
    record Test(UserId user, Instant at, Only only) implements PushJob {
        @Override
        public Test only(Only one) {
            return new Test(user, at, one);
        }
    }
}
