package chat.parley.sendapi.message;

import chat.parley.message.MessageJson;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.http.Query;
import io.javalin.http.Context;

/** {@code /v1/conversations/{conversation}/messages}: reading. The rules live in {@link History}; sending is {@link MessageSending}. */
public final class MessageRoutes {
    private static final int PAGE_DEFAULT = 50;
    private static final int PAGE_MAX = 200;

    private final History history;

    /** Serves from there. */
    public MessageRoutes(History history) {
        this.history = history;
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
}
