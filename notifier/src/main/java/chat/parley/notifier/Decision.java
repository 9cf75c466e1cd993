package chat.parley.notifier;

import java.util.List;
import java.util.Locale;

/** What is to be done about a job. */
sealed interface Decision {
    /** These are to be sent, one a device. */
    record Send(List<Push> pushes) implements Decision {}

    /** Nothing. */
    record Nothing(Reason reason) implements Decision {}

    /** Why nothing is sent. */
    enum Reason {
        /** It is too late: nobody wants it any more. */
        STALE,
        /** No longer a member, or never saw this message. */
        NOT_A_MEMBER,
        /** The message was deleted, or expired. */
        MESSAGE_GONE,
        /** Read meanwhile, on whichever device. */
        READ,
        /** Delivered meanwhile to a device that somebody looks at. */
        DELIVERED,
        /** The conversation is muted. */
        MUTED,
        /** The level chosen for the conversation leaves it out. */
        LEVEL,
        /** It is the person's quiet time. */
        QUIET_HOURS,
        /** The person blocks the sender. */
        BLOCKED,
        /** No device that this could be sent to. */
        NO_DEVICE,
        /** A newer message of the conversation wakes the same devices in the same moment. */
        SUPERSEDED,
        /** Nothing is shown that could be taken back. */
        NOT_SHOWN;

        /** As it stands in metrics. */
        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
