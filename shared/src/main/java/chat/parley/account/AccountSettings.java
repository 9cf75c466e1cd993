package chat.parley.account;

import chat.parley.ops.Settings;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What accounts need to know of their surroundings.
 *
 * @param issuersFile lists outside issuers; null for none
 * @param cookies the names of the session cookie that are taken, the first one found decides
 */
public record AccountSettings(@Nullable Path issuersFile, List<SessionCookie> cookies) {

    /** From {@code PARLEY_ISSUERS}, {@code PARLEY_PUBLIC_URL} and {@code PARLEY_TRUST_PROXY}. */
    public static AccountSettings from(Settings settings) {
        return new AccountSettings(
                settings.pathOrNull("PARLEY_ISSUERS"),
                cookies(settings.text("PARLEY_PUBLIC_URL", ""), settings.flag("PARLEY_TRUST_PROXY", false)));
    }

    /** Under https only the prefixed name counts. Behind a proxy that tells, both kinds of address may reach us. */
    private static List<SessionCookie> cookies(String publicUrl, boolean trustProxy) {
        if (publicUrl.startsWith("https://")) {
            return List.of(SessionCookie.SECURE);
        }
        return trustProxy ? List.of(SessionCookie.SECURE, SessionCookie.PLAIN) : List.of(SessionCookie.PLAIN);
    }
}
