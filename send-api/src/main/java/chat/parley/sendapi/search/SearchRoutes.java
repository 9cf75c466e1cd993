package chat.parley.sendapi.search;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageJson;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import chat.parley.search.SearchQuery;
import chat.parley.search.SearchQuery.Order;
import chat.parley.search.SearchWords;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.http.Query;
import chat.parley.sendapi.http.RateLimit;
import chat.parley.sendapi.search.SearchMessages.Found;
import com.fasterxml.jackson.core.JsonGenerator;
import io.javalin.http.Context;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** {@code GET /v1/search/messages}. */
public final class SearchRoutes {
    /** Searches of one person in a minute: some two a second while somebody types. */
    public static final int PER_MINUTE = 120;

    private static final int PAGE_DEFAULT = 20;

    /** Each item is a whole message. */
    private static final int PAGE_MAX = 50;

    private static final Instant YEAR_10000 = Instant.parse("9999-12-31T00:00:00Z");

    private final @Nullable SearchMessages search;
    private final RateLimit limit;

    /** @param search null where nothing is indexed */
    public SearchRoutes(@Nullable SearchMessages search, RateLimit limit) {
        this.search = search;
        this.limit = limit;
    }

    /** A page of what the caller may read and what says these words. */
    public void messages(Context http) {
        if (search == null) {
            throw new ProblemException(Fault.SEARCH_OFF);
        }
        var reader = Edge.caller(http).user();
        var order = order(http);
        var query = new SearchQuery(
                reader,
                words(http),
                conversation(http),
                parameter(http, "sender_id", "not_an_id", UserId::parse),
                time(http, "after_time"),
                time(http, "before_time"),
                order);
        int size = Query.limit(http, PAGE_DEFAULT, PAGE_MAX);
        var after = SearchCursor.of(http, order);
        limit.count(http, reader);
        var page = search.find(query, after, size).orElseThrow(() -> new ProblemException(Fault.NOT_FOUND));
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("items");
            for (var found : page.items()) {
                write(found, json);
            }
            json.writeEndArray();
            if (page.after() != null) {
                json.writeStringField("after", SearchCursor.text(page.after(), order));
            }
            json.writeEndObject();
        });
    }

    private static void write(Found found, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeFieldName("message");
        MessageJson.write(found.message(), json);
        json.writeArrayFieldStart("snippet");
        for (var part : found.snippet().parts()) {
            json.writeStartObject();
            json.writeStringField("text", part.text());
            if (part.match()) {
                json.writeBooleanField("match", true);
            }
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static SearchWords words(Context http) {
        String typed = http.queryParam("q");
        if (typed == null || typed.isBlank()) {
            throw ProblemException.field("q", "required");
        }
        if (typed.codePointCount(0, typed.length()) > SearchWords.CODE_POINTS_MAX) {
            throw ProblemException.field("q", "too_long");
        }
        return switch (SearchWords.parse(typed)) {
            case SearchWords.Parsed.Fine fine -> fine.words();
            case SearchWords.Parsed.Bad bad ->
                throw ProblemException.field("q", bad.complaint().name().toLowerCase(Locale.ROOT));
        };
    }

    private static Order order(Context http) {
        String text = http.queryParam("order");
        if (text == null || text.equals("time")) {
            return Order.TIME;
        }
        if (text.equals("rank")) {
            return Order.RANK;
        }
        throw ProblemException.field("order", "not_an_order");
    }

    /** What cannot be an id names nothing: the same 404 as for what does not exist. */
    private static @Nullable ConversationId conversation(Context http) {
        String text = http.queryParam("conversation_id");
        if (text == null) {
            return null;
        }
        try {
            return ConversationId.parse(text);
        } catch (IllegalArgumentException e) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
    }

    private static @Nullable Instant time(Context http, String name) {
        var time = parameter(
                http, name, "not_a_time", text -> OffsetDateTime.parse(text).toInstant());
        if (time != null && (time.isBefore(Instant.EPOCH) || time.isAfter(YEAR_10000))) {
            throw ProblemException.field(name, "out_of_range");
        }
        return time;
    }

    private static <T> @Nullable T parameter(Context http, String name, String complaint, Function<String, T> parse) {
        String text = http.queryParam(name);
        if (text == null) {
            return null;
        }
        try {
            return parse.apply(text);
        } catch (IllegalArgumentException | DateTimeException e) {
            throw ProblemException.field(name, complaint);
        }
    }
}
