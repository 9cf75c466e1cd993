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
            case ChangeOutcome.Renamed done -> {}
            case ChangeOutcome.Unchanged done -> {}
            case ChangeOutcome.NotFound refused -> throw new ProblemException(Fault.NOT_FOUND);
            case ChangeOutcome.Forbidden refused -> throw new ProblemException(Fault.FORBIDDEN);
            case ChangeOutcome.DirectIsFixed refused -> throw new ProblemException(Fault.DIRECT_IS_FIXED);
            case ChangeOutcome.GroupFull refused -> throw new ProblemException(Fault.GROUP_FULL);
            case ChangeOutcome.LastOwner refused -> throw new ProblemException(Fault.LAST_OWNER);
        }
    }
}
