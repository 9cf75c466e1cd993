package chat.parley.account;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/**
 * Where a page of a search for people ended. Opaque to clients; a forged one can only choose where a page begins.
 *
 * @param pastUsernames whether those found by username are all told
 * @param key the last username, or the last folded display name
 * @param id of the last person, among those found by display name
 */
public record UserSearchCursor(boolean pastUsernames, String key, long id) {
    /** Where the first page begins. */
    public static final UserSearchCursor START = new UserSearchCursor(false, "", 0);

    static final UserSearchCursor PAST_USERNAMES = new UserSearchCursor(true, "", 0);

    static UserSearchCursor afterUsername(Username username) {
        return new UserSearchCursor(false, username.text(), 0);
    }

    static UserSearchCursor afterName(User user) {
        return new UserSearchCursor(
                true, DisplayName.folded(user.displayName().text()), user.id().value());
    }

    /** Reads the public form; empty if it is not one of ours. */
    public static Optional<UserSearchCursor> parse(String text) {
        try {
            String plain = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8);
            var parts = plain.split(":", 3);
            return parts.length == 3 && (parts[0].equals("u") || parts[0].equals("n")) && plain.indexOf('\0') < 0
                    ? Optional.of(new UserSearchCursor(parts[0].equals("n"), parts[2], Long.parseLong(parts[1])))
                    : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** The public form. */
    @Override
    public String toString() {
        String plain = (pastUsernames ? "n" : "u") + ":" + id + ":" + key;
        return Base64.getUrlEncoder().withoutPadding().encodeToString(plain.getBytes(StandardCharsets.UTF_8));
    }
}
