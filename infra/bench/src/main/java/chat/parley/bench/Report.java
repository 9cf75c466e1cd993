package chat.parley.bench;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** Prints tables in Markdown, so that a run can be put into docs/performance.md as it is. Prints at once: a run takes minutes. */
final class Report {
    private final PrintWriter out;

    Report(PrintWriter out) {
        this.out = out;
    }

    void title(String text) {
        out.printf("%n### %s%n%n", text);
        out.flush();
    }

    void line(String format, Object... values) {
        out.printf(Locale.ROOT, format + "%n", values);
        out.flush();
    }

    void head(List<String> columns) {
        row(columns);
        out.println("|" + " --- |".repeat(columns.size()));
        out.flush();
    }

    void row(List<String> cells) {
        out.println("| " + String.join(" | ", cells) + " |");
        out.flush();
    }

    /** Three digits that mean something, in thousands where it is large. */
    static String number(double value) {
        if (value >= 100) return String.format(Locale.ROOT, "%,.0f", value);
        if (value >= 10) return String.format(Locale.ROOT, "%.1f", value);
        return String.format(Locale.ROOT, "%.2f", value);
    }

    /** A number that is exact. */
    static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    static String times(double value, double floor) {
        return floor == 0 ? "–" : String.format(Locale.ROOT, "%.2f ×", value / floor);
    }
}
