package chat.parley.sendapi.message;

import chat.parley.id.ConversationId;
import chat.parley.message.Message;
import chat.parley.message.MessageJson;
import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Body;
import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.http.Query;
import io.javalin.http.Context;

/** {@code /v1/conversations/{conversation}/messages}: HTTP in, HTTP out. The rules live in {@link SendMessage} and {@link History}. */
public final class MessageRoutes {
    private static final int KEY_CHARS_MAX = 64;
    private static final int TEXT_CODE_POINTS_MAX = 10_000;
    private static final int TYPE_CHARS_MAX = 20;
    private static final int PAGE_DEFAULT = 50;
    private static final int PAGE_MAX = 200;

    private final SendMessage sendMessage;
    private final History history;
    private final SendLimit limit;

    /** Serves these. */
    public MessageRoutes(SendMessage sendMessage, History history, SendLimit limit) {
        this.sendMessage = sendMessage;
        this.history = history;
        this.limit = limit;
    }

    /** {@code POST}: 201 with the message, also for a repeat. */
    public void send(Context http) {
        var sender = Edge.caller(http).user();
        var conversation = conversation(http);
        var body = Body.of(http);
        String key = body.text("client_message_id", 1, KEY_CHARS_MAX);
        if (!key.codePoints().allMatch(MessageRoutes::isPrintable)) {
            body.complain("client_message_id", "not_printable");
        }
        String type = body.textOrNull("type", 1, TYPE_CHARS_MAX); // left out, it is a text
        if (type != null && !type.equals("text")) {
            body.complain("type", "not_a_type");
        }
        String text = body.text("text", 1, TEXT_CODE_POINTS_MAX);
        body.done();
        var count = limit.count(sender);
        http.header("RateLimit-Policy", "\"send\";q=" + limit.quota() + ";w=" + SendLimit.WINDOW.toSeconds());
        http.header("RateLimit", "\"send\";r=" + count.remaining() + ";t=" + count.secondsToWait());
        if (!count.allowed()) {
            http.header("Retry-After", Long.toString(count.secondsToWait()));
            throw new ProblemException(Fault.TOO_MANY_REQUESTS);
        }
        switch (sendMessage.send(sender, conversation, key, text)) {
            case SendOutcome.Sent sent -> created(http, sent.message());
            case SendOutcome.Replayed replayed -> {
                http.header("Idempotency-Replayed", "true");
                created(http, replayed.message());
            }
            case SendOutcome.KeyReused reused -> Answer.problem(http, Problem.of(Fault.IDEMPOTENCY_MISMATCH));
            case SendOutcome.NotFound none -> Answer.problem(http, Problem.of(Fault.NOT_FOUND));
            case SendOutcome.Forbidden refused -> Answer.problem(http, Problem.of(Fault.FORBIDDEN));
            case SendOutcome.Busy busy -> Answer.problem(http, Problem.of(Fault.OVERLOADED));
        }
    }

    /** {@code GET}: a page. */
    public void list(Context http) {
        var reader = Edge.caller(http).user();
        var conversation = conversation(http);
        var position = HistoryPosition.of(http, conversation);
        int size = Query.limit(http, PAGE_DEFAULT, PAGE_MAX);
        var page = history.page(conversation, reader, position, size)
                .orElseThrow(() -> new ProblemException(Fault.NOT_FOUND));
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("items");
            for (var message : page.items()) {
                MessageJson.write(message, json);
            }
            json.writeEndArray();
            if (page.before() != null) {
                json.writeStringField("before", page.before().toString());
            }
            if (page.after() != null) {
                json.writeStringField("after", page.after().toString());
            }
            json.writeEndObject();
        });
    }

    /** {@code GET .../{seq}}: one of them. */
    public void get(Context http) {
        var reader = Edge.caller(http).user();
        var seq = HistoryPosition.seqOrNull(http.pathParam("seq"));
        if (seq == null) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
        var message =
                history.find(conversation(http), reader, seq).orElseThrow(() -> new ProblemException(Fault.NOT_FOUND));
        Answer.json(http, 200, json -> MessageJson.write(message, json));
    }

    private static void created(Context http, Message message) {
        http.header("Location", "/v1/conversations/" + message.conversation() + "/messages/" + message.seq());
        Answer.json(http, 201, json -> MessageJson.write(message, json));
    }

    /** What cannot be an id names nothing: the same 404 as for what does not exist. */
    private static ConversationId conversation(Context http) {
        try {
            return ConversationId.parse(http.pathParam("conversation"));
        } catch (IllegalArgumentException e) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
    }

    private static boolean isPrintable(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.UNASSIGNED,
                    Character.PRIVATE_USE -> false;
            default -> true;
        };
    }
}
