package chat.parley.event;

import chat.parley.id.UserId;
import java.util.List;

/** What became of a {@link Publication}. */
public sealed interface PublishOutcome {
    /** Every recipient's stream has the event. {@code toWake} are those who have a device that did not get it. */
    record Published(List<ToWake> toWake) implements PublishOutcome {}

    /** Redis refused, was away or did not answer in time: some streams may have it. To be repeated by the relay. */
    record Unpublished() implements PublishOutcome {}

    /**
     * A recipient without a subscriber, or with a device in the background beside one.
     *
     * @param resumeFrom the position before the event: who resumes there receives it
     * @param before whether the stream had the event from an earlier attempt
     * @param connected whether some subscriber took it
     */
    record ToWake(UserId user, Cursor resumeFrom, boolean before, boolean connected) {}
}
