package chat.parley.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;

/**
 * Where the services spend CPU and allocate: recordings of the JDK's Flight Recorder, read from the first measurement on. The files are kept, for
 * {@code jfr} and Mission Control. Confined to one thread.
 */
final class Profile {
    private static final int ROWS = 25;
    private static final Pattern DIGITS = Pattern.compile("[0-9a-f]*[0-9][0-9a-f]*");
    private static final String OURS = "chat.parley";
    private static final List<Part> SERVICES = List.of(Part.SEND_API, Part.STREAM_SERVICE, Part.NOTIFIER);

    private final Path folder;
    private Instant from = Instant.MIN;

    private Profile(Path folder) {
        this.folder = folder;
    }

    /** A new folder of recordings. */
    static Profile begin(String name) throws IOException {
        var profiles = Path.of(System.getProperty("parley.bench.profiles", "target/profiles"));
        return new Profile(Files.createTempDirectory(Files.createDirectories(profiles), name + "-"));
    }

    /** What makes a service record; the file is written when it ends. */
    List<String> jvmOptions() {
        return List.of(
                "-XX:StartFlightRecording=settings=profile,filename=" + folder + "/{service}.jfr",
                "-XX:FlightRecorderOptions=stackdepth=128",
                "-Xlog:jfr*=off");
    }

    /** What happened before is left out. */
    void from(Instant moment) {
        from = moment;
    }

    /** Samples by the method that ran, and by the first method of ours above it. */
    private static final class Shares {
        private final Map<String, Long> byPlace = new HashMap<>();
        private final Map<String, Long> byOurs = new HashMap<>();
        private long sum;

        void add(String place, String ours, long weight) {
            byPlace.merge(place, weight, Long::sum);
            byOurs.merge(ours, weight, Long::sum);
            sum += weight;
        }

        void print(Report report, String title, String place) {
            report.line("%n%s%n", title);
            report.head(List.of(place, "%", "first method of ours", "%"));
            var places = most(byPlace);
            var ours = most(byOurs);
            for (int i = 0; i < Math.max(places.size(), ours.size()); i++) {
                var left = i < places.size() ? places.get(i) : Map.entry("", 0L);
                var right = i < ours.size() ? ours.get(i) : Map.entry("", 0L);
                report.row(List.of(left.getKey(), share(left.getValue()), right.getKey(), share(right.getValue())));
            }
        }

        private static List<Map.Entry<String, Long>> most(Map<String, Long> shares) {
            return shares.entrySet().stream()
                    .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                    .limit(ROWS)
                    .toList();
        }

        private String share(long weight) {
            return weight == 0 ? "" : Report.number(100.0 * weight / Math.max(1, sum));
        }
    }

    void print(Report report) throws IOException {
        for (var part : SERVICES) {
            var file = folder.resolve(part.title + ".jfr");
            if (Files.notExists(file)) {
                report.line("%nNo recording of %s was written.", part.title);
                continue;
            }
            var cpu = new Shares();
            var allocated = new Shares();
            read(file, cpu, allocated);
            report.title("Profile of " + part.title);
            cpu.print(report, cpu.sum + " samples of running Java code, waiting in the kernel apart:", "method");
            allocated.print(
                    report, Report.number(allocated.sum / 1e6) + " MB allocated, estimated by samples:", "site");
        }
        report.line("%nThe recordings are kept in %s, for `jfr view hot-methods` and the like.", folder);
    }

    private void read(Path file, Shares cpu, Shares allocated) throws IOException {
        try (var recording = new RecordingFile(file)) {
            while (recording.hasMoreEvents()) {
                var event = recording.readEvent();
                if (event.getStartTime().isBefore(from) || event.getStackTrace() == null || isOfTheRecorder(event)) {
                    continue;
                }
                switch (event.getEventType().getName()) {
                    case "jdk.ExecutionSample", "jdk.NativeMethodSample" -> sample(event, cpu);
                    case "jdk.ObjectAllocationSample" ->
                        allocated.add(allocation(event), ours(event, event.getThread()), event.getLong("weight"));
                    default -> {}
                }
            }
        }
    }

    private static void sample(RecordedEvent event, Shares cpu) {
        var frames = event.getStackTrace().getFrames();
        if (frames.isEmpty() || isWaiting(frames.getFirst())) return;
        cpu.add(name(frames.getFirst()), ours(event, event.getThread("sampledThread")), 1);
    }

    /** The class and the method that made it. */
    private static String allocation(RecordedEvent event) {
        var frames = event.getStackTrace().getFrames();
        return event.getClass("objectClass").getName() + (frames.isEmpty() ? "" : " in " + name(frames.getFirst()));
    }

    private static boolean isOfTheRecorder(RecordedEvent event) {
        return event.getStackTrace().getFrames().stream()
                .anyMatch(frame -> frame.getMethod().getType().getName().startsWith("jdk.jfr."));
    }

    /** A thread in one of these waits for the kernel and costs nothing. */
    private static boolean isWaiting(RecordedFrame frame) {
        var method = frame.getMethod().getName();
        return method.equals("poll") || method.equals("wait") || method.equals("accept") || method.equals("park");
    }

    /** The first method of ours; where there is none, the kind of thread. */
    private static String ours(RecordedEvent event, @Nullable RecordedThread thread) {
        return event.getStackTrace().getFrames().stream()
                .filter(frame -> frame.getMethod().getType().getName().startsWith(OURS))
                .findFirst()
                .map(Profile::name)
                .orElse(
                        thread == null || thread.getJavaName() == null
                                ? "none"
                                : "none; thread "
                                        + DIGITS.matcher(thread.getJavaName()).replaceAll("n"));
    }

    private static String name(RecordedFrame frame) {
        var type = frame.getMethod().getType().getName();
        return type.substring(type.lastIndexOf('.') + 1) + "."
                + frame.getMethod().getName();
    }
}
