package chat.parley.conversation;

import chat.parley.outbox.OutboxKind;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What became of a change to a conversation or its members. Everything but the first three changed nothing. */
public sealed interface ChangeOutcome {
    /**
     * Members changed, all at once; none where only what concerns no member did.
     *
     * @param notice null where nothing is to be said
     * @param largeOutboxId names the row that keeps remembered that the group became large by this; 0: it did not
     */
    record MembersChanged(
            Instant at,
            List<MemberChange> changes,
            @Nullable Notice notice,
            long largeOutboxId) implements ChangeOutcome {
        MembersChanged(Instant at, List<MemberChange> changes) {
            this(at, changes, null, 0);
        }
    }

    /** The conversation's own object changed. {@code outboxId} names the row that keeps this remembered until it is published. */
    record Updated(Instant at, long outboxId, @Nullable Notice notice) implements ChangeOutcome {}

    /** There is a new invitation; nobody is told. */
    record Invited(Invite invite) implements ChangeOutcome {}

    /** Everything was already as asked for. */
    record Unchanged() implements ChangeOutcome {}

    /** The one who asks is no member, or the one to be changed is none. */
    record NotFound() implements ChangeOutcome {}

    /** The one who asks is a member without the role for this. */
    record Forbidden() implements ChangeOutcome {}

    /** A direct conversation has no name and keeps its two members. */
    record DirectIsFixed() implements ChangeOutcome {}

    /** It would have more members than {@link GroupSizes} allows. */
    record GroupFull() implements ChangeOutcome {}

    /** The only owner cannot become less: name another one first. */
    record LastOwner() implements ChangeOutcome {}

    /** One of those to be added is banned. */
    record BannedUser() implements ChangeOutcome {}

    /** Only channels can be public. */
    record ChannelsOnly() implements ChangeOutcome {}

    /** It would have more than {@link SettingsChanges#PINS_MAX} pins. */
    record TooManyPins() implements ChangeOutcome {}

    /** It would have more than {@link Invites#OPEN_MAX} open invitations. */
    record TooManyInvites() implements ChangeOutcome {}

    /** The id for what was to be made belongs to something else: try again with another one. */
    record IdTaken() implements ChangeOutcome {}

    /**
     * One change of one member.
     *
     * @param member as it is after the change, or was when leaving
     * @param outboxId names the row that keeps this remembered until it is published
     */
    record MemberChange(OutboxKind kind, Member member, long outboxId) {}
}
