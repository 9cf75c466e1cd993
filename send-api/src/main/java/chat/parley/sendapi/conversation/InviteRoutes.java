package chat.parley.sendapi.conversation;

import chat.parley.conversation.ChangeOutcome;
import chat.parley.conversation.ConversationJson;
import chat.parley.conversation.Invite;
import chat.parley.conversation.Invites;
import chat.parley.conversation.Permission;
import chat.parley.conversation.Role;
import chat.parley.id.ConversationId;
import chat.parley.id.InviteId;
import chat.parley.id.UserId;
import chat.parley.json.JsonText;
import chat.parley.ops.Secret;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Body;
import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.idempotency.Idempotency;
import chat.parley.sendapi.idempotency.Idempotency.Reservation;
import chat.parley.sendapi.idempotency.Reply;
import com.fasterxml.jackson.core.JsonGenerator;
import io.javalin.http.Context;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** {@code /v1/conversations/{conversation}/invites} and {@code /v1/invites/{token}}. */
public final class InviteRoutes {
    /** Shorter than this, a link is dead before it is read. */
    private static final Duration LIFETIME_MIN = Duration.ofMinutes(1);

    private static final Duration LIFETIME_MAX = Duration.ofDays(365);

    /** A link that is forgotten somewhere ends by itself. */
    private static final Duration LIFETIME_DEFAULT = Duration.ofDays(7);

    /** More than a conversation has members, since people also leave. */
    private static final int USES_MAX = 10_000;

    private final InviteLinks links;
    private final ConversationView view;
    private final Permissions permissions;
    private final Idempotency idempotency;

    /** Serves these. */
    public InviteRoutes(InviteLinks links, ConversationView view, Permissions permissions, Idempotency idempotency) {
        this.links = links;
        this.view = view;
        this.permissions = permissions;
        this.idempotency = idempotency;
    }

    /** {@code POST .../invites}: the one answer that shows the token. */
    public void create(Context http) {
        var caller = Edge.caller(http).user();
        var conversation = ConversationRequests.conversation(http);
        var body = Body.of(http);
        var seconds = body.wholeOrNull("expires_in", LIFETIME_MIN.toSeconds(), LIFETIME_MAX.toSeconds());
        var uses = body.wholeOrNull("max_uses", 1, USES_MAX);
        body.choiceOrNull("role", Map.of("member", Role.MEMBER)); // more than that by the word of a person only
        body.done();
        var terms = new Invites.Terms(
                seconds == null ? LIFETIME_DEFAULT : Duration.ofSeconds(seconds),
                uses == null ? null : Math.toIntExact(uses));
        idempotency.answerSecret(http, body.bytes(), reservation -> create(reservation, conversation, caller, terms));
    }

    /** {@code GET .../invites}: those that let people in now. */
    public void list(Context http) {
        var conversation = ConversationRequests.conversation(http);
        permissions.check(conversation, Edge.caller(http).user(), Permission.INVITE);
        var open = links.open(conversation);
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("items");
            for (var invite : open) {
                write(invite, null, json);
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    /** {@code DELETE .../invites/{invite}}. */
    public void revoke(Context http) {
        var caller = Edge.caller(http).user();
        var conversation = ConversationRequests.conversation(http);
        ChangeAnswers.refuse(links.revoke(conversation, caller, inviteId(http)));
        http.status(204);
    }

    /** {@code GET /v1/invites/{token}}: where the link leads. */
    public void show(Context http) {
        var found = links.find(http.pathParam("token"), Edge.caller(http).user())
                .orElseThrow(() -> new ProblemException(Fault.NOT_FOUND));
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeFieldName("conversation");
            ConversationJson.writeFromOutside(found.conversation(), json);
            json.writeStringField("expires_at", JsonText.time(found.invite().expiresAt()));
            json.writeEndObject();
        });
    }

    /** {@code POST /v1/invites/{token}/join}: the conversation, also for who is in it. */
    public void join(Context http) {
        var caller = Edge.caller(http).user();
        var conversation =
                links.join(http.pathParam("token"), caller).orElseThrow(() -> new ProblemException(Fault.NOT_FOUND));
        Answer.json(http, 200, view.of(conversation, caller));
    }

    private Reply create(Reservation reservation, ConversationId conversation, UserId caller, Invites.Terms terms) {
        var made = links.create(reservation, conversation, caller, terms);
        ChangeAnswers.refuse(made.outcome());
        if (made.outcome() instanceof ChangeOutcome.Invited invited) {
            return new Reply(201, JsonText.bytes(json -> write(invited.invite(), made.token(), json)));
        }
        throw new IllegalStateException("neither made nor refused: " + made.outcome());
    }

    private static InviteId inviteId(Context http) {
        try {
            return InviteId.parse(http.pathParam("invite"));
        } catch (IllegalArgumentException e) {
            return new InviteId(0); // names nothing
        }
    }

    /** @param token null where it is not known any more */
    private static void write(Invite invite, @Nullable Secret token, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("id", invite.id().toString());
        if (token != null) {
            json.writeStringField("token", token.reveal());
        }
        json.writeStringField("role", Role.MEMBER.text());
        json.writeStringField("created_by", invite.createdBy().toString());
        json.writeStringField("created_at", JsonText.time(invite.createdAt()));
        json.writeStringField("expires_at", JsonText.time(invite.expiresAt()));
        json.writeNumberField("uses", invite.uses());
        if (invite.maxUses() != null) {
            json.writeNumberField("max_uses", Objects.requireNonNull(invite.maxUses()));
        }
        json.writeEndObject();
    }
}
