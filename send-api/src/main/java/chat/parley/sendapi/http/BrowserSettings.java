package chat.parley.sendapi.http;

import chat.parley.ops.Settings;
import java.net.URI;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How browsers reach this process.
 *
 * @param https whether the public address is an https one
 * @param trustProxy whether {@code X-Forwarded-*} is believed: only where a proxy of the operator sets it on every request
 * @param origins other origins whose pages may write with a cookie
 */
public record BrowserSettings(boolean https, boolean trustProxy, Set<String> origins) {
    /** Reached directly by http, by its own pages only. */
    public static final BrowserSettings DIRECT = new BrowserSettings(false, false, Set.of());

    /** From {@code PARLEY_PUBLIC_URL}, {@code PARLEY_TRUST_PROXY} and {@code PARLEY_ORIGINS}. */
    public static BrowserSettings from(Settings settings) {
        String publicUrl = settings.text("PARLEY_PUBLIC_URL", "");
        if (!publicUrl.isEmpty() && !publicUrl.startsWith("https://") && !publicUrl.startsWith("http://")) {
            throw new IllegalArgumentException(
                    "PARLEY_PUBLIC_URL is " + publicUrl + "; it must begin with https:// or http://");
        }
        var origins = Arrays.stream(settings.text("PARLEY_ORIGINS", "").split(",", -1))
                .map(String::strip)
                .filter(origin -> !origin.isEmpty())
                .map(BrowserSettings::checked)
                .collect(Collectors.toUnmodifiableSet());
        return new BrowserSettings(
                publicUrl.startsWith("https://"), settings.flag("PARLEY_TRUST_PROXY", false), origins);
    }

    private static String checked(String origin) {
        try {
            var uri = URI.create(origin);
            if (uri.getScheme() != null
                    && uri.getHost() != null
                    && uri.getRawPath().isEmpty()) {
                return origin.toLowerCase(Locale.ROOT);
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(notAnOrigin(origin), e);
        }
        throw new IllegalArgumentException(notAnOrigin(origin));
    }

    private static String notAnOrigin(String origin) {
        return "PARLEY_ORIGINS holds " + origin
                + "; an origin looks like https://app.example.com, without a path, and several are parted by commas";
    }
}
