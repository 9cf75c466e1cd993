package chat.parley.problem;

import java.util.Locale;

/**
 * Every error a client can receive. The code is the name in lower case; codes are public and permanent: add, never rename. Mirrored in
 * {@code docs/protocol.md}, listed at {@code /v1/errors}.
 */
public enum Fault {
    /** The body is no JSON, or JSON beyond the limits. */
    INVALID_JSON(400, "The body is not acceptable JSON", false),
    /** A field, parameter or header has a value it must not have. */
    INVALID_FIELD(400, "A field is not acceptable", false),
    /** A field nobody knows: mostly a spelling mistake, so it is not ignored. */
    UNKNOWN_FIELD(400, "A field is not known", false),
    /** An access token stood in the URL, where logs and histories would keep it. */
    TOKEN_IN_URL(400, "Access tokens must not travel in a URL", false),
    /** No caller, or one who proved nothing. One constant answer for every reason. */
    UNAUTHENTICATED(401, "Not authenticated", false),
    /** Name or password is wrong; the same answer and time for an unknown name. */
    BAD_CREDENTIALS(401, "Name or password is wrong", false),
    /** The caller sees the thing but may not do this to it. */
    FORBIDDEN(403, "Not allowed", false),
    /** The time in which authors may edit is over. */
    TOO_LATE(403, "Too late to edit", false),
    /** A write with a cookie came from a page of another origin. */
    ORIGIN_NOT_ALLOWED(403, "Origin not allowed", false),
    /** Does not exist, or the caller may not see it: the same answer. */
    NOT_FOUND(404, "Not found", false),
    /** The address knows other methods. */
    METHOD_NOT_ALLOWED(405, "Method not allowed", false),
    /** The client accepts none of the forms there are. */
    NOT_ACCEPTABLE(406, "Not acceptable", false),
    /** The first request with this Idempotency-Key is still at work. */
    IDEMPOTENCY_IN_PROGRESS(409, "A request with this key is in progress", true),
    /** Someone has this username. */
    USERNAME_TAKEN(409, "The username is taken", false),
    /** A direct conversation has no name and keeps its two members. */
    DIRECT_IS_FIXED(409, "A direct conversation stays as it is", false),
    /** The only owner of a group cannot become less: another one comes first. */
    LAST_OWNER(409, "A group keeps an owner", false),
    /** The group has all the members it can have. */
    GROUP_FULL(409, "The group is full", false),
    /** Someone to be added is banned from the conversation: lift the ban first. */
    BANNED(409, "Banned from this conversation", false),
    /** The conversation has all the pins it can have. */
    TOO_MANY_PINS(409, "Too many pinned messages", false),
    /** The conversation has all the open invitations it can have. */
    TOO_MANY_INVITES(409, "Too many open invitations", false),
    /** The person blocks as many as anyone can. */
    TOO_MANY_BLOCKS(409, "Too many people are blocked", false),
    /** As many reports of this person wait as can wait. */
    TOO_MANY_REPORTS(409, "Too many reports wait", false),
    /** The message was deleted; nothing else can become of it. */
    MESSAGE_DELETED(409, "The message was deleted", false),
    /** The message has all the kinds of reactions it can have. */
    TOO_MANY_REACTIONS(409, "Too many kinds of reactions", false),
    /** The body is larger than any request needs. */
    BODY_TOO_LARGE(413, "The body is too large", false),
    /** The URL is longer than any request needs. */
    URI_TOO_LONG(414, "The address is too long", false),
    /** The body is not JSON by its Content-Type, or is compressed. */
    UNSUPPORTED_MEDIA_TYPE(415, "Send JSON, uncompressed", false),
    /** The part asked for lies behind the end. */
    RANGE_NOT_SATISFIABLE(416, "There are fewer bytes", false),
    /** This key was used with another body. */
    IDEMPOTENCY_MISMATCH(422, "The key was used with another body", false),
    /** Too fast; Retry-After says for how long. */
    TOO_MANY_REQUESTS(429, "Too many requests", true),
    /** The headers are larger than any request needs. */
    HEADERS_TOO_LARGE(431, "The headers are too large", false),
    /** A mistake of ours. */
    INTERNAL(500, "Something went wrong on our side", true),
    /** The operator has given media no place. */
    MEDIA_OFF(501, "This server keeps no media", false),
    /** The operator has the words of messages not indexed. */
    SEARCH_OFF(501, "Messages cannot be searched here", false),
    /** The stream needs HTTP/1.1. */
    HTTP_VERSION(505, "Use HTTP/1.1 here", false),
    /** More work than there is room for; nothing was done. */
    OVERLOADED(503, "Too busy", true),
    /** A store does not answer; whether it was done is unknown, repeat it under the same key. */
    UNAVAILABLE(503, "Temporarily unavailable", true);

    private final int status;
    private final String title;
    private final boolean retryable;

    Fault(int status, String title, boolean retryable) {
        this.status = status;
        this.title = title;
        this.retryable = retryable;
    }

    /** The permanent code. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The HTTP status. */
    public int status() {
        return status;
    }

    /** For people; may change. */
    public String title() {
        return title;
    }

    /** Whether the same request can succeed later. */
    public boolean retryable() {
        return retryable;
    }
}
