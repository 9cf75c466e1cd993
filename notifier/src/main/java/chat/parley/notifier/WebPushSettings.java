package chat.parley.notifier;

import chat.parley.ops.Settings;
import chat.parley.push.SubscriptionRules;
import java.net.URI;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What an operator may set of Web Push; each is named in {@code docs/operations.md}.
 *
 * @param contact where push services find whoever runs this installation, {@code mailto:} or {@code https:}; null: nowhere, and Apple takes nothing then
 * @param rules which addresses may be called
 */
record WebPushSettings(@Nullable String contact, SubscriptionRules rules) {
    /**
     * As push services take it. Apple refuses a token whose {@code sub} has a space or an angle bracket, or a host without a dot.
     */
    private static final Pattern MAIL = Pattern.compile("mailto:[^@\\s<>\"]+@[^@\\s<>\"]+\\.[^@\\s<>\"]+");

    private static final String HTTPS = "https://";

    /** Reads {@code PARLEY_WEB_PUSH_CONTACT}, for which {@code PARLEY_PUBLIC_URL} stands in, and {@code PARLEY_WEB_PUSH_PRIVATE}. */
    static WebPushSettings from(Settings settings) {
        String contact = settings.textOrNull("PARLEY_WEB_PUSH_CONTACT");
        String page = settings.text("PARLEY_PUBLIC_URL", "");
        if (contact != null && !MAIL.matcher(contact).matches() && !isPage(contact)) {
            throw new IllegalArgumentException("PARLEY_WEB_PUSH_CONTACT is " + contact
                    + "; it must be like mailto:admin@example.org or https://example.org/contact,"
                    + " because push services refuse what they cannot read");
        }
        if (contact == null && isPage(page)) {
            contact = page;
        }
        return new WebPushSettings(contact, SubscriptionRules.from(settings));
    }

    private static boolean isPage(String text) {
        try {
            return text.startsWith(HTTPS) && URI.create(text).getHost() != null;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
