package chat.parley.sendapi.safety;

import chat.parley.conversation.Permission;
import chat.parley.json.JsonText;
import chat.parley.message.MessageJson;
import chat.parley.message.MessageStore;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import chat.parley.safety.Report;
import chat.parley.safety.Reports;
import chat.parley.sendapi.conversation.ConversationRequests;
import chat.parley.sendapi.conversation.Permissions;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Body;
import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.http.Query;
import com.fasterxml.jackson.core.JsonGenerator;
import io.javalin.http.Context;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Reports of messages: filed by who reads them, settled by who answers for the conversation. */
public final class ReportRoutes {
    private static final int PAGE_DEFAULT = 50;
    private static final int PAGE_MAX = 100;

    /** Longest note, in code points: some sentences. */
    private static final int NOTE_MAX = 1_000;

    private static final Map<String, Report.Reason> REASONS = Arrays.stream(Report.Reason.values())
            .collect(Collectors.toUnmodifiableMap(Report.Reason::text, Function.identity()));

    private final Reports reports;
    private final MessageStore messages;
    private final Permissions permissions;

    /** @param messages what is reported */
    public ReportRoutes(Reports reports, MessageStore messages, Permissions permissions) {
        this.reports = reports;
        this.messages = messages;
        this.permissions = permissions;
    }

    /** {@code POST .../messages/{seq}/reports}: 201, or 200 with what the same person reported before. */
    public void file(Context http) {
        var caller = Edge.caller(http).user();
        var conversation = ConversationRequests.conversation(http);
        long seq = ConversationRequests.seq(http);
        var body = Body.of(http);
        var reason = body.choiceOrNull("reason", REASONS);
        if (!body.has("reason")) {
            body.complain("reason", "required");
        }
        String note = body.textOrNull("note", 0, NOTE_MAX);
        body.done();
        var mine = permissions.check(conversation, caller, Permission.CARE);
        var message = messages.find(conversation, seq)
                .filter(found -> found.seq() >= mine.me().member().joinedSeq())
                .orElseThrow(() -> new ProblemException(Fault.NOT_FOUND));
        if (message.isDeleted()) {
            throw new ProblemException(Fault.MESSAGE_DELETED);
        }
        String snapshot = new String(JsonText.bytes(json -> MessageJson.write(message, json)), StandardCharsets.UTF_8);
        var outcome = reports.file(
                conversation,
                caller,
                seq,
                Objects.requireNonNull(reason),
                Objects.requireNonNullElse(note, ""),
                snapshot);
        switch (outcome) {
            case Reports.Outcome.Filed filed -> Answer.json(http, 201, json -> write(filed.report(), json));
            case Reports.Outcome.Known known -> Answer.json(http, 200, json -> write(known.report(), json));
            case Reports.Outcome.TooMany refused -> throw new ProblemException(Fault.TOO_MANY_REPORTS);
        }
    }

    /** {@code GET .../reports}: the messages that wait to be judged, by seq. */
    public void list(Context http) {
        var conversation = ConversationRequests.conversation(http);
        int limit = Query.limit(http, PAGE_DEFAULT, PAGE_MAX);
        long after = after(http);
        permissions.check(conversation, Edge.caller(http).user(), Permission.MODERATE);
        var found = reports.open(conversation, after, limit + 1);
        boolean more = found.size() > limit;
        var page = more ? found.subList(0, limit) : found;
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("items");
            for (var each : page) {
                write(each, json);
            }
            json.writeEndArray();
            if (more) {
                json.writeStringField("after", Long.toString(page.getLast().seq()));
            }
            json.writeEndObject();
        });
    }

    /** {@code DELETE .../reports/{seq}}: all of this message. */
    public void settle(Context http) {
        var caller = Edge.caller(http).user();
        var conversation = ConversationRequests.conversation(http);
        long seq = ConversationRequests.seq(http);
        permissions.check(conversation, caller, Permission.MODERATE);
        if (!reports.settle(conversation, caller, seq)) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
        http.status(204);
    }

    private static long after(Context http) {
        String text = http.queryParam("after");
        if (text == null) {
            return 0;
        }
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw ProblemException.field("after", "not_a_cursor");
        }
    }

    private static void write(Reports.Case waiting, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeNumberField("seq", waiting.seq());
        json.writeFieldName("message");
        json.writeRawValue(waiting.reports().getFirst().snapshot());
        json.writeNumberField("report_count", waiting.count());
        json.writeArrayFieldStart("reports");
        for (var report : waiting.reports()) {
            json.writeStartObject();
            words(report, json);
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void write(Report report, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeNumberField("seq", report.seq());
        words(report, json);
        json.writeFieldName("message");
        json.writeRawValue(report.snapshot());
        json.writeEndObject();
    }

    private static void words(Report report, JsonGenerator json) throws IOException {
        json.writeStringField("reason", report.reason().text());
        if (!report.note().isEmpty()) {
            json.writeStringField("note", report.note());
        }
        json.writeStringField("reported_at", JsonText.time(report.at()));
    }
}
