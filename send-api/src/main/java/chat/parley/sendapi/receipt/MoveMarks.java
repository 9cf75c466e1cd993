package chat.parley.sendapi.receipt;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.problem.Fault;
import chat.parley.problem.Problem.FieldError;
import chat.parley.problem.ProblemException;
import chat.parley.receipt.MarkOutcome;
import chat.parley.receipt.Marks;
import chat.parley.receipt.NewMarks;
import chat.parley.receipt.Receipts;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Moves marks of one person. */
final class MoveMarks {
    private final Receipts receipts;

    MoveMarks(Receipts receipts) {
        this.receipts = receipts;
    }

    /**
     * One of many to be moved.
     *
     * @param pointer where it stands in the request
     */
    record Wanted(String pointer, ConversationId conversation, long readSeq, long deliveredSeq) {}

    /** What became of many: each for itself, since a group that one was thrown out of must not hold up the marks of all others. */
    record Moved(Map<ConversationId, Marks> marks, List<FieldError> refused) {}

    /** Moves one. */
    Marks one(ConversationId conversation, UserId user, long readSeq, long deliveredSeq) {
        var outcome = receipts.move(List.of(new NewMarks(conversation, user, readSeq, deliveredSeq)))
                .getFirst();
        return switch (outcome) {
            case MarkOutcome.Stand stand -> stand.marks();
            case MarkOutcome.NotFound none -> throw new ProblemException(Fault.NOT_FOUND);
            case MarkOutcome.BeyondLast beyond -> throw ProblemException.field("/seq", BEYOND_LAST);
        };
    }

    /** Moves many. */
    Moved all(UserId user, List<Wanted> wanted) {
        var outcomes = receipts.move(wanted.stream()
                .map(each -> new NewMarks(each.conversation(), user, each.readSeq(), each.deliveredSeq()))
                .toList());
        var marks = new LinkedHashMap<ConversationId, Marks>();
        var refused = new ArrayList<FieldError>();
        for (int i = 0; i < outcomes.size(); i++) {
            var each = wanted.get(i);
            switch (outcomes.get(i)) {
                case MarkOutcome.Stand stand -> marks.merge(each.conversation(), stand.marks(), MoveMarks::further);
                case MarkOutcome.NotFound none ->
                    refused.add(new FieldError(each.pointer() + "/conversation_id", Fault.NOT_FOUND.code()));
                case MarkOutcome.BeyondLast beyond -> refused.add(new FieldError(each.pointer(), BEYOND_LAST));
            }
        }
        return new Moved(marks, refused);
    }

    private static final String BEYOND_LAST = "beyond_last";

    /** Of two answers about one member the later one. */
    private static Marks further(Marks one, Marks other) {
        return new Marks(Math.max(one.readSeq(), other.readSeq()), Math.max(one.deliveredSeq(), other.deliveredSeq()));
    }
}
