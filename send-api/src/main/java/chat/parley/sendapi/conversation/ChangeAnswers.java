package chat.parley.sendapi.conversation;

import chat.parley.conversation.ChangeOutcome;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;

/** From outcomes of changes to problems. */
final class ChangeAnswers {
    private ChangeAnswers() {}

    /** Returns when all is as asked for, changed or not. */
    static void refuse(ChangeOutcome outcome) {
        switch (outcome) {
            case ChangeOutcome.MembersChanged done -> {}
            case ChangeOutcome.Updated done -> {}
            case ChangeOutcome.Invited done -> {}
            case ChangeOutcome.Unchanged done -> {}
            case ChangeOutcome.NotFound refused -> throw new ProblemException(Fault.NOT_FOUND);
            case ChangeOutcome.Forbidden refused -> throw new ProblemException(Fault.FORBIDDEN);
            case ChangeOutcome.DirectIsFixed refused -> throw new ProblemException(Fault.DIRECT_IS_FIXED);
            case ChangeOutcome.GroupFull refused -> throw new ProblemException(Fault.GROUP_FULL);
            case ChangeOutcome.LastOwner refused -> throw new ProblemException(Fault.LAST_OWNER);
            case ChangeOutcome.BannedUser refused -> throw new ProblemException(Fault.BANNED);
            case ChangeOutcome.ChannelsOnly refused -> throw ProblemException.field("/public", "channels_only");
            case ChangeOutcome.TooManyPins refused -> throw new ProblemException(Fault.TOO_MANY_PINS);
            case ChangeOutcome.TooManyInvites refused -> throw new ProblemException(Fault.TOO_MANY_INVITES);
            // Who makes something draws another id; it does not come this far.
            case ChangeOutcome.IdTaken taken -> throw new ProblemException(Fault.INTERNAL);
        }
    }
}
