package chat.parley.sendapi.safety;

import chat.parley.account.Users;
import chat.parley.conversation.Conversations;
import chat.parley.id.UserId;
import chat.parley.json.JsonText;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import chat.parley.safety.Blocks;
import chat.parley.sendapi.conversation.ConversationRequests;
import chat.parley.sendapi.conversation.PageCursor;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.http.Query;
import io.javalin.http.Context;
import java.util.Set;

/** {@code /v1/users/me/blocks}. */
public final class BlockRoutes {
    private static final int PAGE_DEFAULT = 100;

    private final Blocks blocks;
    private final Users users;
    private final Conversations conversations;

    /** @param users who exists */
    public BlockRoutes(Blocks blocks, Users users, Conversations conversations) {
        this.blocks = blocks;
        this.users = users;
        this.conversations = conversations;
    }

    /** {@code PUT .../{user}}. */
    public void block(Context http) {
        var caller = Edge.caller(http).user();
        var other = other(http, caller);
        if (users.existing(Set.of(other)).isEmpty()) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
        done(http, blocks.block(caller, other));
    }

    /** {@code DELETE .../{user}}. */
    public void unblock(Context http) {
        var caller = Edge.caller(http).user();
        done(http, blocks.unblock(caller, other(http, caller)));
    }

    /** {@code GET}: longest first. */
    public void list(Context http) {
        int limit = Query.limit(http, PAGE_DEFAULT, Conversations.LIMIT_MAX);
        var after = PageCursor.of(http);
        var position = after == null ? null : new Blocks.Position(after.time(), new UserId(after.id()));
        var found = blocks.list(Edge.caller(http).user(), position, limit + 1);
        boolean more = found.size() > limit;
        var page = more ? found.subList(0, limit) : found;
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("items");
            for (var block : page) {
                json.writeStartObject();
                json.writeStringField("user_id", block.user().toString());
                json.writeStringField("blocked_at", JsonText.time(block.at()));
                json.writeEndObject();
            }
            json.writeEndArray();
            if (more) {
                var last = page.getLast();
                json.writeStringField(
                        "after", new PageCursor(last.at(), last.user().value()).toString());
            }
            json.writeEndObject();
        });
    }

    private static UserId other(Context http, UserId caller) {
        var other = ConversationRequests.user(http, caller);
        if (other.equals(caller)) {
            throw ProblemException.field("user", "yourself");
        }
        return other;
    }

    private void done(Context http, Blocks.Outcome outcome) {
        switch (outcome) {
            case Blocks.Outcome.Done done -> {
                // The cache must not go on saying what was so before.
                done.conversation().ifPresent(conversations::forgetRoster);
                http.status(204);
            }
            case Blocks.Outcome.TooMany refused -> throw new ProblemException(Fault.TOO_MANY_BLOCKS);
        }
    }
}
