package chat.parley.sendapi.message;

import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageJson;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Body;
import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.http.Query;
import chat.parley.sendapi.http.RateLimit;
import io.javalin.http.Context;

/** {@code /v1/conversations/{conversation}/messages}: HTTP in, HTTP out. The rules live in {@link SendMessage} and {@link History}. */
public final class MessageRoutes {
    private static final int KEY_CHARS_MAX = 64;
    private static final int TYPE_CHARS_MAX = 20;
    private static final int PAGE_DEFAULT = 50;
    private static final int PAGE_MAX = 200;

    private final SendMessage sendMessage;
    private final History history;
    private final RateLimit limit;
    private final Attachments attachments;

    /** Serves these. */
    public MessageRoutes(SendMessage sendMessage, History history, RateLimit limit, Attachments attachments) {
        this.sendMessage = sendMessage;
        this.history = history;
        this.limit = limit;
        this.attachments = attachments;
    }

    /** {@code POST}: 201 with the message, also for a repeat. */
    public void send(Context http) {
        var sender = Edge.caller(http).user();
        var conversation = MessageRequests.conversation(http);
        var body = Body.of(http);
        String key = body.text("client_message_id", 1, KEY_CHARS_MAX);
        if (!key.codePoints().allMatch(MessageRoutes::isPrintable)) {
            body.complain("client_message_id", "not_printable");
        } else if (key.startsWith(SendNotice.KEY_PREFIX)) {
            body.complain("client_message_id", "reserved");
        }
        var media = Attachments.ids(body);
        var type = body.textOrNull("type", 1, TYPE_CHARS_MAX); // left out, it is what it carries
        if (!Attachments.fits(type, !media.isEmpty())) {
            body.complain("type", "not_a_type");
        }
        var text = media.isEmpty()
                ? body.text("text", 1, MessageRequests.TEXT_CODE_POINTS_MAX)
                : body.textOrNull("text", 1, MessageRequests.TEXT_CODE_POINTS_MAX);
        var mentions = MessageRequests.mentions(body);
        var replyTo = body.seqOrNull("reply_to");
        var metadata = body.objectOrNull("metadata", MessageRequests.METADATA_BYTES_MAX);
        body.done();
        limit.count(http, sender);
        var carried = attachments.carried(sender, media, type);
        var said = new MessageBody(carried.type(), text, carried.json(), replyTo, mentions, metadata, null);
        switch (sendMessage.send(sender, conversation, key, said)) {
            case SendOutcome.Sent sent -> created(http, sent.message());
            case SendOutcome.Replayed replayed -> {
                http.header("Idempotency-Replayed", "true");
                created(http, replayed.message());
            }
            case SendOutcome.KeyReused unused -> throw new ProblemException(Fault.IDEMPOTENCY_MISMATCH);
            case SendOutcome.NotFound unused -> throw new ProblemException(Fault.NOT_FOUND);
            case SendOutcome.Forbidden unused -> throw new ProblemException(Fault.FORBIDDEN);
            case SendOutcome.NothingToAnswer unused -> throw ProblemException.field("/reply_to", "unknown_message");
            case SendOutcome.NoMembers strangers -> throw MessageRequests.noMembers(mentions, strangers.users());
            case SendOutcome.Busy unused -> throw new ProblemException(Fault.OVERLOADED);
        }
    }

    /** {@code GET}: a page. */
    public void list(Context http) {
        var reader = Edge.caller(http).user();
        var conversation = MessageRequests.conversation(http);
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
            if (!page.quoted().isEmpty()) {
                json.writeArrayFieldStart("quoted");
                for (var message : page.quoted()) {
                    MessageJson.write(message, json);
                }
                json.writeEndArray();
            }
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
        var message = history.find(MessageRequests.conversation(http), reader, MessageRequests.seq(http))
                .orElseThrow(() -> new ProblemException(Fault.NOT_FOUND));
        Answer.json(http, 200, json -> MessageJson.write(message, json));
    }

    private static void created(Context http, Message message) {
        http.header("Location", "/v1/conversations/" + message.conversation() + "/messages/" + message.seq());
        Answer.json(http, 201, json -> MessageJson.write(message, json));
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
