package chat.parley.conversation;

import chat.parley.outbox.OutboxKind;
import java.time.Instant;
import java.util.List;

/** What became of a change to a conversation or its members. Everything but the first two changed nothing. */
public sealed interface ChangeOutcome {
    /** Members changed, all at once. */
    record MembersChanged(Instant at, List<MemberChange> changes) implements ChangeOutcome {}

    /** The conversation has a new name. {@code outboxId} names the row that keeps this remembered until it is published. */
    record Renamed(Instant at, long outboxId) implements ChangeOutcome {}

    /** Everything was already as asked for. */
    record Unchanged() implements ChangeOutcome {}

    /** The one who asks is no member, or the one to be changed is none. */
    record NotFound() implements ChangeOutcome {}

    /** The one who asks is a member without the role for this. */
    record Forbidden() implements ChangeOutcome {}

    /** A direct conversation has no name and keeps its two members. */
    record DirectIsFixed() implements ChangeOutcome {}

    /** It would have more than {@link Roster#MEMBERS_MAX} members. */
    record GroupFull() implements ChangeOutcome {}

    /** The only owner cannot become less: name another one first. */
    record LastOwner() implements ChangeOutcome {}

    /**
     * One change of one member.
     *
     * @param member as it is after the change, or was when leaving
     * @param outboxId names the row that keeps this remembered until it is published
     */
    record MemberChange(OutboxKind kind, Member member, long outboxId) {}
}
