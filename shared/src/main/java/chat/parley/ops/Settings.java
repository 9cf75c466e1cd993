package chat.parley.ops;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Reads settings from environment variables. Every complaint names the variable, the value's bound and its reason, never the value of a
 * secret. {@link #refuseUnknown} catches misspelt names, which would otherwise leave a default in force unnoticed.
 */
public final class Settings {
    /** All our variables begin so; {@link #refuseUnknown} looks at no others. */
    private static final String PREFIX = "PARLEY_";

    private final Map<String, String> environment;
    private final Set<String> known = new HashSet<>(Set.of("PARLEY_LOG_LEVEL")); // read by logback.xml itself

    /** @param environment usually {@code System.getenv()} */
    public Settings(Map<String, String> environment) {
        this.environment = Map.copyOf(environment);
    }

    /** The text of {@code name}, or {@code fallback} where it is unset or empty. */
    public String text(String name, String fallback) {
        String value = read(name);
        return value == null ? fallback : value;
    }

    /** The text of {@code name}, or null where it is unset or empty. */
    public @Nullable String textOrNull(String name) {
        return read(name);
    }

    /** The text of {@code name}; refuses to start without it. */
    public String required(String name, String example) {
        String value = read(name);
        if (value == null) {
            throw new IllegalArgumentException(name + " is not set; it is required, for example " + example);
        }
        return value;
    }

    /** A secret, or null where it is unset or empty. */
    public @Nullable Secret secretOrNull(String name) {
        String value = read(name);
        return value == null ? null : new Secret(value);
    }

    /** A password, which may also stand in the file that {@code <name>_FILE} names, as containers get theirs; null where neither is set. */
    public @Nullable Secret passwordOrNull(String name) {
        String value = readOrFile(name);
        return value == null ? null : new Secret(value);
    }

    /**
     * An address, required; complaints do not repeat it, since it may hold a password. Therefore it may also stand in the file that
     * {@code <name>_FILE} names.
     */
    public URI address(String name, String example) {
        String value = readOrFile(name);
        if (value == null) {
            throw new IllegalArgumentException(name + " is not set; it is required, for example " + example);
        }
        try {
            return new URI(value);
        } catch (URISyntaxException e) {
            // Not as the cause: its message repeats the whole value.
            throw new IllegalArgumentException(name + " is not an address (" + e.getReason() + " at position "
                    + e.getIndex() + "); it looks like " + example);
        }
    }

    /** A path, or null where it is unset or empty. */
    public @Nullable Path pathOrNull(String name) {
        String value = read(name);
        return value == null ? null : Path.of(value);
    }

    /** A whole number from {@code min} to {@code max}; {@code why} is the reason of the bounds. */
    public int number(String name, int fallback, int min, int max, String why) {
        String value = read(name);
        if (value == null) {
            return fallback;
        }
        int number;
        try {
            number = Integer.parseInt(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " is " + value + "; it must be a whole number", e);
        }
        if (number < min || number > max) {
            throw new IllegalArgumentException(
                    name + " is " + number + "; it must be from " + min + " to " + max + ", because " + why);
        }
        return number;
    }

    /** A whole number of seconds from {@code min} to {@code max}; {@code why} is the reason of the bounds. */
    public Duration seconds(String name, Duration fallback, Duration min, Duration max, String why) {
        return Duration.ofSeconds(
                number(name, (int) fallback.toSeconds(), (int) min.toSeconds(), (int) max.toSeconds(), why));
    }

    /** {@code true} or {@code on}, {@code false} or {@code off}. */
    public boolean flag(String name, boolean fallback) {
        String value = read(name);
        if (value == null) {
            return fallback;
        }
        return switch (value) {
            case "true", "on" -> true;
            case "false", "off" -> false;
            default -> throw new IllegalArgumentException(name + " is " + value + "; it must be true or false");
        };
    }

    /** Call after every setting was read. Names are listed sorted, values are not shown. */
    public void refuseUnknown() {
        var unknown = new TreeSet<String>();
        for (String name : environment.keySet()) {
            if (name.startsWith(PREFIX) && !known.contains(name)) {
                unknown.add(name);
            }
        }
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("unknown settings " + unknown + "; known are " + new TreeSet<>(known));
        }
    }

    private @Nullable String readOrFile(String name) {
        String value = read(name);
        String file = read(name + "_FILE");
        if (file == null) {
            return value;
        }
        if (value != null) {
            throw new IllegalArgumentException(name + " and " + name + "_FILE are both set; set one of them");
        }
        try {
            String held = Files.readString(Path.of(file)).strip();
            return held.isEmpty() ? null : held;
        } catch (IOException e) {
            throw new IllegalArgumentException(name + "_FILE is " + file + ", which cannot be read: " + e, e);
        }
    }

    private @Nullable String read(String name) {
        known.add(name);
        String value = environment.get(name);
        return value == null || value.isBlank() ? null : value.strip();
    }
}
