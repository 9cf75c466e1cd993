package chat.parley.account;

/** How a caller proved who they are. */
public enum Means {
    /** An access token in the {@code Authorization} header, ours or an outside issuer's. */
    BEARER,
    /** The browser's session cookie: sent by the browser on its own, so writes need a known {@code Origin} as well. */
    COOKIE,
    /** A stream ticket in the query, good for the stream only. */
    TICKET
}
