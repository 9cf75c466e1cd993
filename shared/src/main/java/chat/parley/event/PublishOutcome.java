package chat.parley.event;

import chat.parley.id.UserId;
import java.util.List;

/** What became of a {@link Publication}. */
public sealed interface PublishOutcome {
    /** Every recipient's stream has the event. {@code absent} are those whom no subscriber took it for. */
    record Published(List<Absent> absent) implements PublishOutcome {}

    /** Redis refused, was away or did not answer in time: some streams may have it. To be repeated by the relay. */
    record Unpublished() implements PublishOutcome {}

    /**
     * A recipient without a subscriber.
     *
     * @param resumeFrom the position before the event: who resumes there receives it
     * @param before whether the stream had the event from an earlier attempt
     */
    record Absent(UserId user, Cursor resumeFrom, boolean before) {}
}
