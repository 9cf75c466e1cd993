package chat.parley.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** What the kernel counts about processes; see proc(5). */
final class ProcessStat {
    /** USER_HZ, the unit of all times in /proc, is 100 on every Linux. */
    private static final long MICROS_PER_TICK = 10_000;

    // Fields of /proc/<pid>/stat, counted from the one after the name in brackets.
    private static final int PARENT = 1;
    private static final int USER_TIME = 11;
    private static final int SYSTEM_TIME = 12;
    private static final int CHILDREN_USER_TIME = 13;
    private static final int CHILDREN_SYSTEM_TIME = 14;

    /** HotSpot's names of these threads, as far as the kernel keeps them. */
    private static final Pattern COMPILER = Pattern.compile("C[12] Compiler");

    private ProcessStat() {}

    /** CPU time of a process, all its threads, without its children. */
    static long cpuMicros(long pid) throws IOException {
        var fields = fields(Path.of("/proc", Long.toString(pid)));
        return micros(fields, USER_TIME) + micros(fields, SYSTEM_TIME);
    }

    /** CPU time of a process and of its children, also of those that have ended. */
    static long familyCpuMicros(long pid) throws IOException {
        long sum = withEndedChildren(fields(Path.of("/proc", Long.toString(pid))));
        try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (var process : processes) {
                sum += cpuMicrosOfChild(process, pid);
            }
        }
        return sum;
    }

    /** CPU time of the threads of a JVM that compile, of those that run now. */
    static long compilersCpuMicros(long pid) throws IOException {
        long sum = 0;
        try (var threads = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "task"))) {
            for (var thread : threads) sum += cpuMicrosOfCompiler(thread);
        }
        return sum;
    }

    /** Resident memory, shared pages included. */
    static long residentBytes(long pid) throws IOException {
        for (var line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "smaps_rollup"))) {
            if (line.startsWith("Rss:")) return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
        throw new IOException("the kernel tells no Rss of process " + pid);
    }

    /** CPU time that all processes of the machine used. */
    static long machineCpuMicros() throws IOException {
        var fields = List.of(Files.readAllLines(Path.of("/proc/stat"))
                .getFirst()
                .strip()
                .substring("cpu".length())
                .strip()
                .split("\\s+", -1));
        // user, nice, system, (idle, iowait,) irq, softirq
        long ticks = 0;
        for (int field : new int[] {0, 1, 2, 5, 6}) ticks += Long.parseLong(fields.get(field));
        return ticks * MICROS_PER_TICK;
    }

    /** Processes ready to run, averaged over the last minute. */
    static double loadAverage() throws IOException {
        var line = Files.readString(Path.of("/proc/loadavg"));
        return Double.parseDouble(line.substring(0, line.indexOf(' ')));
    }

    /** 0 where it is no child of that parent, or has ended since the folder was listed: then its parent counts it. */
    private static long cpuMicrosOfChild(Path process, long parent) throws IOException {
        try {
            var fields = fields(process);
            return Long.parseLong(fields.get(PARENT)) == parent ? withEndedChildren(fields) : 0;
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    /** 0 where the thread does something else, or has ended since the folder was listed. */
    private static long cpuMicrosOfCompiler(Path thread) throws IOException {
        try {
            if (!COMPILER.matcher(Files.readString(thread.resolve("comm"))).lookingAt()) return 0;
            var fields = fields(thread);
            return micros(fields, USER_TIME) + micros(fields, SYSTEM_TIME);
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    private static List<String> fields(Path process) throws IOException {
        var line = Files.readString(process.resolve("stat"));
        // The name may hold spaces and brackets itself.
        return List.of(line.substring(line.lastIndexOf(')') + 2).strip().split(" ", -1));
    }

    private static long withEndedChildren(List<String> fields) {
        return micros(fields, USER_TIME)
                + micros(fields, SYSTEM_TIME)
                + micros(fields, CHILDREN_USER_TIME)
                + micros(fields, CHILDREN_SYSTEM_TIME);
    }

    private static long micros(List<String> fields, int field) {
        return Long.parseLong(fields.get(field)) * MICROS_PER_TICK;
    }
}
