package chat.parley.account;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The names of the session cookie. Under https it has the prefix {@code __Host-}: browsers then take it from this very host only, so a
 * neighbouring subdomain cannot plant a session of its own.
 */
public enum SessionCookie {
    /** Under https. */
    SECURE("__Host-parley_session"),
    /** Under http, where browsers refuse the prefix. */
    PLAIN("parley_session");

    private final String cookieName;

    SessionCookie(String cookieName) {
        this.cookieName = cookieName;
    }

    /** As it stands in {@code Set-Cookie}. */
    public String cookieName() {
        return cookieName;
    }

    /**
     * What the header {@code Cookie} holds under this name. Empty if there is none. Two different values under one name mean that someone
     * planted one of them; which one cannot be told, so neither counts and the answer is a value that opens nothing.
     */
    Optional<String> in(@Nullable String header) {
        if (header == null) {
            return Optional.empty();
        }
        Set<String> values = new HashSet<>();
        for (String pair : header.split(";", -1)) {
            int equals = pair.indexOf('=');
            if (equals > 0 && pair.substring(0, equals).strip().equals(cookieName)) {
                values.add(pair.substring(equals + 1).strip());
            }
        }
        return values.isEmpty()
                ? Optional.empty()
                : Optional.of(values.size() == 1 ? values.iterator().next() : "");
    }
}
