package chat.parley.sendapi.typing;

import chat.parley.id.ConversationId;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.Body;
import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.http.RateLimit;
import com.github.benmanes.caffeine.cache.Ticker;
import io.javalin.http.Context;

/** {@code /v1/conversations/{conversation}/typing}: HTTP in, HTTP out. The rules live in {@link Typing}. */
public final class TypingRoutes {
    /** One in three seconds in each of six conversations: more than two hands do. */
    static final int PER_MINUTE = 120;

    private final Typing typing;
    private final RateLimit limit;

    /** Serves these. */
    public TypingRoutes(Typing typing, Ticker ticker) {
        this.typing = typing;
        this.limit = new RateLimit("typing", PER_MINUTE, ticker);
    }

    /** {@code POST}: 204, whether anybody was told or not. */
    public void started(Context http) {
        var user = Edge.caller(http).user();
        var conversation = conversation(http);
        if (http.contentLength() > 0 || http.header("Transfer-Encoding") != null) {
            Body.of(http).done(); // there is nothing to say in it
        }
        limit.count(http, user);
        if (!typing.started(conversation, user)) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
        http.status(204);
    }

    /** What cannot be an id names nothing: the same 404 as for what does not exist. */
    private static ConversationId conversation(Context http) {
        try {
            return ConversationId.parse(http.pathParam("conversation"));
        } catch (IllegalArgumentException e) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
    }
}
