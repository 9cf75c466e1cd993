package chat.parley.sendapi.message;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageBody;
import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.Body;
import io.javalin.http.Context;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads what requests about messages have in common. */
final class MessageRequests {
    static final int TEXT_CODE_POINTS_MAX = 10_000;

    /** As the contract says: room for a card or a form, not for a document. */
    static final int METADATA_BYTES_MAX = 4 * 1024;

    /** Each of them may be woken by one message. */
    static final int MENTIONS_MAX = 50;

    private static final String ALL = "all";

    private MessageRequests() {}

    /** The conversation a URL names. What cannot be an id names nothing: the same 404 as for what does not exist. */
    static ConversationId conversation(Context http) {
        return conversation(http.pathParam("conversation"));
    }

    /** The same of the text in its place. */
    static ConversationId conversation(String text) {
        try {
            return ConversationId.parse(text);
        } catch (IllegalArgumentException e) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
    }

    /** The seq a URL names. */
    static long seq(Context http) {
        var seq = HistoryPosition.seqOrNull(http.pathParam("seq"));
        if (seq == null) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
        return seq;
    }

    /** The people mentioned, each once; {@code all} stands for everyone. */
    static List<UserId> mentions(Body body) {
        var mentions = new LinkedHashSet<UserId>();
        for (String text : body.texts("mentions", MENTIONS_MAX)) {
            var user = text.equals(ALL) ? MessageBody.EVERYONE : userOrNull(text);
            if (user == null) {
                body.complain("mentions", "not_an_id");
                return List.of();
            }
            mentions.add(user);
        }
        return List.copyOf(mentions);
    }

    private static @Nullable UserId userOrNull(String text) {
        try {
            var user = UserId.parse(text);
            return user.equals(MessageBody.EVERYONE) ? null : user;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** The problem that some of those mentioned are no members. */
    static ProblemException noMembers(List<UserId> mentions, Set<UserId> strangers) {
        var errors = new ArrayList<Problem.FieldError>();
        for (int i = 0; i < mentions.size(); i++) {
            if (strangers.contains(mentions.get(i))) {
                errors.add(new Problem.FieldError("/mentions/" + i, "not_a_member"));
            }
        }
        return ProblemException.fields(Fault.INVALID_FIELD, errors);
    }
}
