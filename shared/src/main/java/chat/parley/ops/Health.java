package chat.parley.ops;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What {@code /readyz} says: each part is up or has a reason why not. Parts are asked, not remembered, so an answer is never stale; a check must
 * itself be bounded in time. Safe for use by many threads.
 */
public final class Health {
    private final Map<String, Check> checks = new ConcurrentHashMap<>();

    /** Answers null while the part works, else the reason in a few words that hold no secret. */
    @FunctionalInterface
    public interface Check {
        /** Null while the part works, else why not. An exception counts as a reason too. */
        @Nullable
        String complaint() throws Exception;
    }

    /** Adds a part; names are short and stable, because alerts use them. */
    public void part(String name, Check check) {
        checks.put(name, check);
    }

    /** Part to "up" or to the reason why not, sorted by name. */
    public Map<String, String> report() {
        var report = new LinkedHashMap<String, String>();
        checks.entrySet().stream().sorted(Map.Entry.comparingByKey()).forEach(part -> {
            String complaint;
            try {
                complaint = part.getValue().complaint();
            } catch (Exception e) {
                complaint = e.getClass().getSimpleName();
            }
            report.put(part.getKey(), complaint == null ? UP : complaint);
        });
        return report;
    }

    /** What {@link #report} says of a part that works. */
    public static final String UP = "up";
}
