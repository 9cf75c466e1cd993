package chat.parley.sendapi.message;

import chat.parley.id.ConversationId;
import chat.parley.id.MediaId;
import chat.parley.id.UserId;
import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageJson;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.AsyncAnswer;
import chat.parley.sendapi.http.AsyncCall;
import chat.parley.sendapi.http.AsyncRoute;
import chat.parley.sendapi.http.Body;
import chat.parley.sendapi.http.RateLimit;
import chat.parley.sendapi.message.Attachments.Carried;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /v1/conversations/{conversation}/messages}: 201 with the message, also for a repeat. The rules live in {@link SendMessage}. No thread waits while
 * the message is stored and told.
 */
public final class MessageSending implements AsyncRoute {
    private static final int KEY_CHARS_MAX = 64;
    private static final int TYPE_CHARS_MAX = 20;

    private final SendMessage sendMessage;
    private final RateLimit limit;
    private final Attachments attachments;

    /** Serves these. */
    public MessageSending(SendMessage sendMessage, RateLimit limit, Attachments attachments) {
        this.sendMessage = sendMessage;
        this.limit = limit;
        this.attachments = attachments;
    }

    /** What a body asks for. */
    private record Asked(
            String key,
            List<MediaId> media,
            @Nullable String type,
            @Nullable String text,
            @Nullable Long replyTo,
            List<UserId> mentions,
            @Nullable String metadata) {
        static Asked of(Body body) {
            String key = body.text("client_message_id", 1, KEY_CHARS_MAX);
            if (!key.codePoints().allMatch(MessageSending::isPrintable)) {
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
            return new Asked(key, media, type, text, replyTo, mentions, metadata);
        }

        MessageBody with(Carried carried) {
            return new MessageBody(carried.type(), text, carried.json(), replyTo, mentions, metadata, null);
        }
    }

    @Override
    public CompletableFuture<AsyncAnswer> serve(AsyncCall call) {
        var conversation = MessageRequests.conversation(call.parameter());
        return call.body().thenCompose(body -> send(call, conversation, Asked.of(body)));
    }

    private CompletableFuture<AsyncAnswer> send(AsyncCall call, ConversationId conversation, Asked asked) {
        var sender = call.caller().user();
        limit.count(call::answerHeader, sender);
        var carried = asked.media.isEmpty()
                ? CompletableFuture.completedFuture(Carried.NONE)
                : CompletableFuture.supplyAsync(
                        () -> attachments.carried(sender, asked.media, asked.type), call::blocking);
        return carried.thenCompose(
                        media -> sendMessage.send(sender, conversation, asked.key, asked.with(media), call::blocking))
                .thenApply(outcome -> answer(call, asked, outcome));
    }

    private static AsyncAnswer answer(AsyncCall call, Asked asked, SendOutcome outcome) {
        return switch (outcome) {
            case SendOutcome.Sent sent -> created(call, sent.message());
            case SendOutcome.Replayed replayed -> {
                call.answerHeader("Idempotency-Replayed", "true");
                yield created(call, replayed.message());
            }
            case SendOutcome.KeyReused unused -> throw new ProblemException(Fault.IDEMPOTENCY_MISMATCH);
            case SendOutcome.NotFound unused -> throw new ProblemException(Fault.NOT_FOUND);
            case SendOutcome.Forbidden unused -> throw new ProblemException(Fault.FORBIDDEN);
            case SendOutcome.NothingToAnswer unused -> throw ProblemException.field("/reply_to", "unknown_message");
            case SendOutcome.NoMembers strangers -> throw MessageRequests.noMembers(asked.mentions, strangers.users());
            case SendOutcome.Busy unused -> throw new ProblemException(Fault.OVERLOADED);
        };
    }

    private static AsyncAnswer created(AsyncCall call, Message message) {
        call.answerHeader("Location", "/v1/conversations/" + message.conversation() + "/messages/" + message.seq());
        return AsyncAnswer.json(201, json -> MessageJson.write(message, json));
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
