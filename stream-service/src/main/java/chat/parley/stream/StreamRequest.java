package chat.parley.stream;

import chat.parley.account.Credentials;
import chat.parley.id.ConversationId;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Fields;
import org.jspecify.annotations.Nullable;

/**
 * What a client asked for, checked. Parameters nobody knows are left alone: caches and polyfills add their own.
 *
 * @param lastEventId null: from now on
 * @param patience how long a poll may wait
 * @param limit most events of a poll
 */
record StreamRequest(
        Form form,
        Credentials credentials,
        @Nullable String lastEventId,
        StreamOptions options,
        Duration patience,
        int limit) {
    /** What the answer is. */
    enum Form {
        STREAM,
        POLL
    }

    /** Both ends are the contract's. */
    private static final int HEARTBEAT_LEAST = 10;

    private static final int HEARTBEAT_MOST = 300;

    /** A proxy in between mostly gives up after 60 s. */
    private static final int WAIT_MOST = 60;

    private static final int LIMIT_USUAL = 100;
    private static final int LIMIT_MOST = 200;

    /** Names in one filter; a longer list is no filter. */
    private static final int NAMES_MOST = 100;

    private static final Pattern TYPE = Pattern.compile("[a-z_]{1,40}\\.[a-z_]{1,40}");

    /** Reads {@code request}; throws {@link ProblemException} for what is not acceptable. */
    static StreamRequest of(Request request) {
        var parameters = parameters(request);
        if (parameters.get("access_token") != null) {
            throw new ProblemException(Fault.TOKEN_IN_URL);
        }
        var form = form(request);
        var headers = request.getHeaders();
        if (headers.getLongField(HttpHeader.CONTENT_LENGTH) > 0 || headers.contains(HttpHeader.TRANSFER_ENCODING)) {
            throw ProblemException.field("/", "no_body_here");
        }
        String header = headers.get("Last-Event-ID");
        String lastEventId = header == null || header.isEmpty() ? one(parameters, "last_event_id") : header;
        var types = names(parameters, "types");
        var conversations = names(parameters, "conversations");
        types.forEach(type -> require(TYPE.matcher(type).matches(), "types"));
        var options = new StreamOptions(
                Duration.ofSeconds(number(
                        parameters,
                        "heartbeat",
                        (int) StreamOptions.HEARTBEAT.toSeconds(),
                        HEARTBEAT_LEAST,
                        HEARTBEAT_MOST)),
                oneOf(parameters, "heartbeat_event", "0", "0", "1").equals("1"),
                oneOf(parameters, "named", "1", "0", "1").equals("1"),
                types.isEmpty() && conversations.isEmpty()
                        ? null
                        : new Filter(
                                types,
                                conversations.stream()
                                        .map(StreamRequest::conversation)
                                        .collect(Collectors.toUnmodifiableSet())),
                oneOf(parameters, "class", "foreground", "foreground", "idle").equals("idle"));
        return new StreamRequest(
                form,
                new Credentials(
                        headers.get(HttpHeader.AUTHORIZATION),
                        cookies(headers.getValuesList(HttpHeader.COOKIE)),
                        one(parameters, "ticket")),
                lastEventId == null || lastEventId.isEmpty() ? null : lastEventId,
                options.shared(),
                Duration.ofSeconds(number(parameters, "wait", 0, 0, WAIT_MOST)),
                number(parameters, "limit", LIMIT_USUAL, 1, LIMIT_MOST));
    }

    /** Whether the client can see a status; an EventSource cannot set the header, and any status but 200 ends it for good. */
    static boolean seesStatus(Request request) {
        return request.getHeaders().contains(HttpHeader.AUTHORIZATION);
    }

    /** Which form the client accepts; one that accepts everything gets the stream. */
    static Form form(Request request) {
        var accepted = request.getHeaders().getQualityCSV(HttpHeader.ACCEPT);
        if (accepted.isEmpty()) {
            return Form.STREAM;
        }
        for (String type : accepted) {
            int semicolon = type.indexOf(';');
            switch (semicolon < 0 ? type : type.substring(0, semicolon).strip()) {
                case "text/event-stream", "text/*", "*/*" -> {
                    return Form.STREAM;
                }
                case "application/json", "application/*" -> {
                    return Form.POLL;
                }
                default -> {}
            }
        }
        throw new ProblemException(Fault.NOT_ACCEPTABLE);
    }

    private static Fields parameters(Request request) {
        try {
            return Request.extractQueryParameters(request);
        } catch (RuntimeException e) {
            throw ProblemException.field("query", "malformed");
        }
    }

    private static @Nullable String cookies(List<String> headers) {
        return headers.isEmpty() ? null : String.join("; ", headers);
    }

    private static String conversation(String text) {
        try {
            return ConversationId.parse(text).toString();
        } catch (IllegalArgumentException e) {
            throw ProblemException.field("conversations", "invalid");
        }
    }

    private static @Nullable String one(Fields parameters, String name) {
        var values = parameters.getValuesOrEmpty(name);
        if (values.size() > 1) {
            throw ProblemException.field(name, "repeated");
        }
        return values.isEmpty() ? null : values.getFirst();
    }

    private static String oneOf(Fields parameters, String name, String fallback, String... allowed) {
        String value = one(parameters, name);
        require(value == null || Arrays.asList(allowed).contains(value), name);
        return value == null ? fallback : value;
    }

    private static int number(Fields parameters, String name, int fallback, int least, int most) {
        String value = one(parameters, name);
        if (value == null) {
            return fallback;
        }
        try {
            int number = Integer.parseInt(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw ProblemException.field(name, "not_a_number");
        }
        throw ProblemException.field(name, "out_of_range");
    }

    private static Set<String> names(Fields parameters, String name) {
        String value = one(parameters, name);
        if (value == null || value.isEmpty()) {
            return Set.of();
        }
        String[] names = value.split(",", -1);
        require(names.length <= NAMES_MOST, name);
        return Set.of(Arrays.stream(names).distinct().toArray(String[]::new));
    }

    private static void require(boolean holds, String name) {
        if (!holds) {
            throw ProblemException.field(name, "invalid");
        }
    }
}
