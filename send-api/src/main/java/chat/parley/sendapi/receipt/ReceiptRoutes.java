package chat.parley.sendapi.receipt;

import chat.parley.id.ConversationId;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import chat.parley.receipt.Marks;
import chat.parley.receipt.Receipts;
import chat.parley.receipt.UnreadCounts;
import chat.parley.sendapi.conversation.ConversationRequests;
import chat.parley.sendapi.conversation.PageCursor;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Body;
import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.http.Query;
import chat.parley.sendapi.receipt.MoveMarks.Moved;
import chat.parley.sendapi.receipt.MoveMarks.Wanted;
import com.fasterxml.jackson.core.JsonGenerator;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.ArrayList;

/** Marks: {@code .../read}, {@code .../delivered}, {@code /v1/receipts}, who has a message, and what is unread. */
public final class ReceiptRoutes {
    /** Most marks of one request: more conversations than a device hears of before it comes round to say so. */
    private static final int RECEIPTS_MAX = 200;

    private static final int PAGE_DEFAULT = 100;
    private static final int PAGE_MAX = 200;
    private static final int ID_TEXT_MAX = 64;

    /** What stands for a mark that is not sent. */
    private static final long NOT_SENT = 0;

    private final MoveMarks move;
    private final UnreadCounts unread;
    private final SeenBy seenBy;

    /** Serves these. */
    public ReceiptRoutes(Receipts receipts, UnreadCounts unread, SeenBy seenBy) {
        this.move = new MoveMarks(receipts);
        this.unread = unread;
        this.seenBy = seenBy;
    }

    /** {@code PUT /v1/conversations/{conversation}/read}. */
    public void read(Context http) {
        var conversation = ConversationRequests.conversation(http);
        var marks = move.one(conversation, Edge.caller(http).user(), seq(http), NOT_SENT);
        Answer.json(http, 200, json -> write(conversation, marks, json));
    }

    /** {@code PUT /v1/conversations/{conversation}/delivered}. */
    public void delivered(Context http) {
        var conversation = ConversationRequests.conversation(http);
        var marks = move.one(conversation, Edge.caller(http).user(), NOT_SENT, seq(http));
        Answer.json(http, 200, json -> write(conversation, marks, json));
    }

    /** {@code POST /v1/receipts}: each for itself; those that cannot be moved are named beside the others. */
    public void many(Context http) {
        var body = Body.of(http);
        var wanted = new ArrayList<Wanted>();
        if (!body.has("receipts")) {
            body.complain("receipts", "required");
        }
        for (var item : body.objects("receipts", RECEIPTS_MAX)) {
            wanted.add(wanted(item));
        }
        body.done();
        var moved = move.all(Edge.caller(http).user(), wanted);
        Answer.json(http, 200, json -> write(moved, json));
    }

    /** {@code GET .../messages/{seq}/receipts}: how many have it, and who. */
    public void seenBy(Context http) {
        var conversation = ConversationRequests.conversation(http);
        int limit = Query.limit(http, PAGE_DEFAULT, PAGE_MAX);
        var after = PageCursor.of(http);
        var page = seenBy.page(
                        conversation,
                        Edge.caller(http).user(),
                        seqOfPath(http),
                        after == null ? null : after.inMembers(),
                        limit)
                .orElseThrow(() -> new ProblemException(Fault.NOT_FOUND));
        Answer.json(http, 200, json -> write(page, json));
    }

    /** {@code GET /v1/users/me/unread}: what a badge shows. */
    public void unread(Context http) {
        var counts = unread.of(Edge.caller(http).user());
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeNumberField("unread_count", counts.messages());
            json.writeNumberField("conversations", counts.conversations());
            json.writeEndObject();
        });
    }

    private static long seq(Context http) {
        var body = Body.of(http);
        if (!body.has("seq")) {
            body.complain("seq", "required");
        }
        long seq = seq(body, "seq");
        body.done();
        return seq;
    }

    private static long seq(Body body, String field) {
        var seq = body.seqOrNull(field);
        return seq == null ? NOT_SENT : seq;
    }

    private static Wanted wanted(Body item) {
        String text = item.text("conversation_id", 1, ID_TEXT_MAX);
        long read = seq(item, "read_seq");
        long delivered = seq(item, "delivered_seq");
        if (!item.has("read_seq") && !item.has("delivered_seq")) {
            item.complain("read_seq", "read_seq_or_delivered_seq");
        }
        var conversation = new ConversationId(0);
        try {
            conversation = ConversationId.parse(text);
        } catch (IllegalArgumentException e) {
            if (!text.isEmpty()) {
                item.complain("conversation_id", "not_an_id");
            }
        }
        return new Wanted(item.pointer(), conversation, read, delivered);
    }

    /** What is no number names no message. */
    private static long seqOfPath(Context http) {
        try {
            return Long.parseLong(http.pathParam("seq"));
        } catch (NumberFormatException e) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
    }

    private static void write(ConversationId conversation, Marks marks, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("conversation_id", conversation.toString());
        json.writeNumberField("read_seq", marks.readSeq());
        json.writeNumberField("delivered_seq", marks.deliveredSeq());
        json.writeEndObject();
    }

    private static void write(Moved moved, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeArrayFieldStart("items");
        for (var each : moved.marks().entrySet()) {
            write(each.getKey(), each.getValue(), json);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("errors");
        for (var each : moved.refused()) {
            json.writeStartObject();
            json.writeStringField("pointer", each.pointer());
            json.writeStringField("code", each.code());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void write(SeenBy.Page page, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeObjectFieldStart("counts");
        json.writeNumberField("recipients", page.counts().recipients());
        json.writeNumberField("read", page.counts().read());
        json.writeNumberField("delivered", page.counts().delivered());
        json.writeEndObject();
        json.writeArrayFieldStart("items");
        for (var each : page.items()) {
            json.writeStartObject();
            json.writeStringField("user_id", each.position().user().toString());
            json.writeNumberField("read_seq", each.marks().readSeq());
            json.writeNumberField("delivered_seq", each.marks().deliveredSeq());
            json.writeEndObject();
        }
        json.writeEndArray();
        if (page.more()) {
            var last = page.items().getLast().position();
            json.writeStringField("after", PageCursor.after(last).toString());
        }
        json.writeEndObject();
    }
}
