package chat.parley.bench;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What was measured beside what it should be: the targets of Parley, each with its bound, or with what the floor did in the same run. */
final class Scorecard {
    /** One line; a null measurement could not be taken, and the note says why. */
    private record Line(
            String what,
            String measured,
            String beside,
            String target,
            double ratio,
            @Nullable Boolean met) {}

    private final List<Line> lines = new ArrayList<>();

    /** A cost of at most {@code bound}. */
    void atMost(String what, double measured, String unit, double bound) {
        lines.add(new Line(
                what, with(measured, unit), "–", "≤ " + with(bound, unit), measured / bound, measured <= bound));
    }

    /** A performance of at least {@code bound}. */
    void atLeast(String what, double measured, String unit, double bound) {
        lines.add(new Line(
                what, with(measured, unit), "–", "≥ " + with(bound, unit), measured / bound, measured >= bound));
    }

    /** A cost of at most {@code factor} times what {@code floor} shows. */
    void atMostTimes(double factor, String what, double measured, String unit, Beside floor) {
        double ratio = measured / floor.measured;
        lines.add(new Line(
                what,
                with(measured, unit),
                floor.name + ": " + with(floor.measured, unit),
                "≤ " + factor + " ×",
                ratio,
                ratio <= factor));
    }

    /** A performance of at least {@code factor} times what {@code floor} shows. */
    void atLeastTimes(double factor, String what, double measured, String unit, Beside floor) {
        double ratio = measured / floor.measured;
        lines.add(new Line(
                what,
                with(measured, unit),
                floor.name + ": " + with(floor.measured, unit),
                "≥ " + factor + " ×",
                ratio,
                ratio >= factor));
    }

    /** A measurement that has nothing to stand beside. */
    void unjudged(String what, double measured, String unit, String target, String why) {
        lines.add(new Line(what, with(measured, unit), why, target, Double.NaN, null));
    }

    /** What the yardstick did in the same run. */
    record Beside(String name, double measured) {}

    boolean isEmpty() {
        return lines.isEmpty();
    }

    void print(Report report) {
        report.title("Targets");
        report.head(List.of("what", "measured", "beside it in this run", "target", "ratio", "met"));
        for (var line : lines) {
            report.row(List.of(
                    line.what,
                    line.measured,
                    line.beside,
                    line.target,
                    Double.isNaN(line.ratio) ? "–" : Report.number(line.ratio),
                    line.met == null ? "–" : line.met ? "yes" : "no"));
        }
        long judged = lines.stream().filter(line -> line.met != null).count();
        long met = lines.stream().filter(line -> Boolean.TRUE.equals(line.met)).count();
        report.line("%n%d of %d met. The ratio is to what stands beside it, else to the target.", met, judged);
    }

    private static String with(double value, String unit) {
        return Report.number(value) + " " + unit;
    }
}
