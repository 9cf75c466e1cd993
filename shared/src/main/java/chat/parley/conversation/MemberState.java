package chat.parley.conversation;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The last state of a membership, over or not.
 *
 * @param changedAt of the last change: joined, role changed or left. The event that tells of it carries the same time.
 * @param left null while it lasts
 */
public record MemberState(
        Member member, Instant changedAt, @Nullable Departure left) {

    /** Whether the last change was joining. */
    public boolean joinedLast() {
        return left == null && changedAt.equals(member.joinedAt());
    }
}
