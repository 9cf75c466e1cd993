package chat.parley.sendapi.conversation;

import chat.parley.conversation.Expiry;
import chat.parley.conversation.NewcomerHistory;
import chat.parley.conversation.Posting;
import chat.parley.conversation.Role;
import chat.parley.conversation.SettingsChange;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.Body;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads what requests about conversations have in common. */
public final class ConversationRequests {
    /** Longest name of a group, in code points. */
    static final int NAME_MAX = 100;

    /** Longest topic, in code points. */
    private static final int TOPIC_MAX = 250;

    private static final Map<String, Posting> POSTING =
            Map.of(Posting.EVERYONE.text(), Posting.EVERYONE, Posting.ADMINS.text(), Posting.ADMINS);

    private static final Map<String, NewcomerHistory> HISTORY = Map.of(
            NewcomerHistory.ALL.text(), NewcomerHistory.ALL,
            NewcomerHistory.FROM_JOINING.text(), NewcomerHistory.FROM_JOINING);

    /** Longest name of a role, with room for a wrong one. */
    private static final int ROLE_TEXT_MAX = 20;

    private static final int ID_TEXT_MAX = 64;

    private ConversationRequests() {}

    /** The conversation a URL names; what is no id names nothing. */
    public static ConversationId conversation(Context http) {
        try {
            return ConversationId.parse(http.pathParam("conversation"));
        } catch (IllegalArgumentException e) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
    }

    /** The person a URL names; {@code me} is the caller. */
    public static UserId user(Context http, UserId caller) {
        String text = http.pathParam("user");
        if (text.equals("me")) {
            return caller;
        }
        try {
            return UserId.parse(text);
        } catch (IllegalArgumentException e) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
    }

    /** A group's name: a line that a person can see. */
    static String name(Body body) {
        String name = body.text("name", 1, NAME_MAX);
        if (name.codePoints().anyMatch(Character::isISOControl)) {
            body.complain("name", "control_character");
        } else if (!name.isEmpty() && name.isBlank()) {
            body.complain("name", "blank");
        }
        return name;
    }

    /** The message a URL names; what is no seq names nothing. */
    public static long seq(Context http) {
        try {
            return Long.parseLong(http.pathParam("seq"));
        } catch (NumberFormatException e) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
    }

    /** A change of settings; every field may be left out. */
    static SettingsChange settingsChange(Body body) {
        var name = body.has("name") ? name(body) : body.textOrNull("name", 1, NAME_MAX);
        return settings(body, name).withRetention(retention(body));
    }

    /** The settings beside the name, which was read already; every field may be left out. */
    static SettingsChange settings(Body body, @Nullable String name) {
        return new SettingsChange(
                name,
                topic(body),
                body.flagOrNull("public"),
                body.choiceOrNull("posting", POSTING),
                body.choiceOrNull("history", HISTORY),
                null);
    }

    /** Zero for a null, which takes the limit away; null where it is not sent. */
    private static @Nullable Duration retention(Body body) {
        var seconds = body.seqOrNull("retention_seconds");
        if (seconds == null) {
            return body.isNull("retention_seconds") ? Duration.ZERO : null;
        }
        if (seconds < Expiry.LIMIT_MIN.toSeconds() || seconds > Expiry.LIMIT_MAX.toSeconds()) {
            body.complain("retention_seconds", "out_of_range");
            return null;
        }
        return Duration.ofSeconds(seconds);
    }

    private static @Nullable String topic(Body body) {
        String topic = body.textOrNull("topic", 0, TOPIC_MAX);
        if (topic != null && topic.codePoints().anyMatch(Character::isISOControl)) {
            body.complain("topic", "control_character");
        }
        return topic;
    }

    /** One id. */
    static UserId userId(Body body, String field) {
        String text = body.text(field, 1, ID_TEXT_MAX);
        try {
            return UserId.parse(text);
        } catch (IllegalArgumentException e) {
            if (!text.isEmpty()) {
                body.complain(field, "not_an_id");
            }
            return new UserId(0);
        }
    }

    /** A list of ids, each once. */
    static Set<UserId> userIds(Body body, String field, int max) {
        var users = new LinkedHashSet<UserId>();
        for (String text : body.texts(field, max)) {
            try {
                users.add(UserId.parse(text));
            } catch (IllegalArgumentException e) {
                body.complain(field, "not_an_id");
                return Set.of();
            }
        }
        return users;
    }

    /** A role by its name. */
    static Role role(Body body, Role fallback) {
        String text = body.textOrNull("role", 1, ROLE_TEXT_MAX);
        if (text == null) {
            return fallback;
        }
        for (Role role : Role.values()) {
            if (role.name().toLowerCase(Locale.ROOT).equals(text)) {
                return role;
            }
        }
        body.complain("role", "not_a_role");
        return fallback;
    }

    /** The problem that some of {@code wanted}, in the order of the request, do not exist. */
    static ProblemException unknownUsers(String field, Set<UserId> wanted, Set<UserId> unknown) {
        List<Problem.FieldError> errors = new ArrayList<>();
        int place = 0;
        for (UserId user : wanted) {
            if (unknown.contains(user)) {
                errors.add(new Problem.FieldError("/" + field + "/" + place, "unknown_user"));
            }
            place++;
        }
        return ProblemException.fields(Fault.INVALID_FIELD, errors);
    }
}
