package chat.parley.id;

import java.util.regex.Pattern;

/** Names one of a person's devices: 1 to 64 letters, digits, {@code -} and {@code _}, chosen by the client. Unique beside its user only. */
public record DeviceId(String text) {
    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    /** @throws IllegalArgumentException if {@code text} does not have that form */
    public DeviceId {
        if (!FORM.matcher(text).matches()) {
            throw new IllegalArgumentException("not a device id");
        }
    }

    /** The public form. */
    @Override
    public String toString() {
        return text;
    }
}
