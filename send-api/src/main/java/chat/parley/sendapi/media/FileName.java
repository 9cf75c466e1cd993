package chat.parley.sendapi.media;

import java.nio.charset.StandardCharsets;

/** The names of uploaded files: which are taken, and how they stand in a header. */
final class FileName {
    /** As on every file system in use. */
    static final int CODE_POINTS_MAX = 255;

    private static final String PLAIN = " !#$&+-.()@[]^_`{}~";

    /** Unreserved in RFC 8187. */
    private static final String UNESCAPED = "!#$&+-.^_`|~";

    private FileName() {}

    /** Empty where {@code name} may stand, else what is wrong with it. */
    static String complaint(String name) {
        if (name.isBlank()) {
            return "too_short";
        }
        if (name.codePointCount(0, name.length()) > CODE_POINTS_MAX) {
            return "too_long";
        }
        return name.codePoints().allMatch(FileName::isAllowed) ? "" : "character_not_allowed";
    }

    /** Not what ends a header, names a folder, or shows {@code gpj.exe} as {@code exe.jpg}. */
    private static boolean isAllowed(int c) {
        int type = Character.getType(c);
        boolean turnsText = c == 0x061c
                || c == 0x200e
                || c == 0x200f
                || (c >= 0x202a && c <= 0x202e)
                || (c >= 0x2066 && c <= 0x2069);
        return type != Character.CONTROL
                && type != Character.SURROGATE
                && type != Character.LINE_SEPARATOR
                && type != Character.PARAGRAPH_SEPARATOR
                && !turnsText
                && c != '/'
                && c != '\\';
    }

    /** {@code Content-Disposition} by RFC 6266: the name for everyone, and a plain one for those who cannot read that. */
    static String disposition(String how, String name) {
        var plain = new StringBuilder();
        var escaped = new StringBuilder();
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            if (isWord(c) || UNESCAPED.indexOf(c) >= 0) {
                escaped.append(c);
            } else {
                escaped.append('%').append(hex(c >> 4)).append(hex(c & 15));
            }
        }
        name.codePoints().forEach(c -> {
            plain.append(isWord(c) || PLAIN.indexOf(c) >= 0 ? (char) c : '_');
        });
        return how + "; filename=\"" + plain + "\"; filename*=UTF-8''" + escaped;
    }

    private static boolean isWord(int c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    }

    private static char hex(int digit) {
        return Character.toUpperCase(Character.forDigit(digit, 16));
    }
}
