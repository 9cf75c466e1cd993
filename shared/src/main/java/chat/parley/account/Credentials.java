package chat.parley.account;

import org.jspecify.annotations.Nullable;

/**
 * What a request offers as proof, as it arrived. The header decides, else the ticket, else the cookie; a bad one is never made good by the next.
 *
 * @param authorization the {@code Authorization} header
 * @param cookieHeader the {@code Cookie} header, whole
 * @param ticket the {@code ticket} parameter of the stream's address; null at every other address, where tickets are worth nothing
 */
public record Credentials(
        @Nullable String authorization,
        @Nullable String cookieHeader,
        @Nullable String ticket) {

    /** Shows what is there and no secret. */
    @Override
    public String toString() {
        return "Credentials[authorization=" + (authorization != null) + ", cookie=" + (cookieHeader != null)
                + ", ticket=" + (ticket != null) + "]";
    }
}
