package chat.parley.sendapi.conversation;

import chat.parley.conversation.NotificationChoices;
import chat.parley.conversation.Notifications;
import chat.parley.json.JsonText;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Body;
import chat.parley.sendapi.http.Edge;
import io.javalin.http.Context;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/** {@code /v1/conversations/{conversation}/notifications}: by what the caller wants to be woken. Shown in {@code me}, to nobody else. */
public final class NotificationRoutes {
    private static final Map<String, Notifications.Level> LEVELS = Arrays.stream(Notifications.Level.values())
            .collect(Collectors.toUnmodifiableMap(Notifications.Level::text, Function.identity()));

    private final NotificationChoices choices;
    private final InstantSource clock;

    /** @param clock tells what is over */
    public NotificationRoutes(NotificationChoices choices, InstantSource clock) {
        this.choices = choices;
        this.clock = clock;
    }

    /** {@code PUT}: the whole choice; what is left out is as in the beginning. */
    public void choose(Context http) {
        var body = Body.of(http);
        var level = body.choiceOrNull("level", LEVELS);
        var mutedUntil = body.timeOrNull("muted_until");
        if (mutedUntil != null && !mutedUntil.isAfter(clock.instant())) {
            body.complain("muted_until", "in_the_past");
        }
        body.done();
        var choice = new Notifications(Objects.requireNonNullElse(level, Notifications.Level.ALL), mutedUntil);
        requireMember(choices.set(
                ConversationRequests.conversation(http), Edge.caller(http).user(), choice, level != null));
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeStringField("level", choice.level().text());
            if (choice.mutedUntil() != null) {
                json.writeStringField("muted_until", JsonText.time(choice.mutedUntil()));
            }
            json.writeEndObject();
        });
    }

    /** {@code DELETE}: as in the beginning. */
    public void reset(Context http) {
        requireMember(choices.reset(
                ConversationRequests.conversation(http), Edge.caller(http).user()));
        http.status(204);
    }

    private static void requireMember(boolean isMember) {
        if (!isMember) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
    }
}
