package chat.parley.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** What lives in the heap of another JVM, after a full collection, as its own class histogram tells. */
final class LiveHeap {
    private static final Pattern TOTAL = Pattern.compile("(?m)^Total +(\\d+) +(\\d+)");

    private LiveHeap() {}

    static long bytes(long pid) throws IOException, InterruptedException {
        jcmd(pid, "GC.run"); // twice: what a collection unreaches by references and cleaners goes with the next
        var total = TOTAL.matcher(jcmd(pid, "GC.class_histogram"));
        if (!total.find()) throw new BenchException("the class histogram of process " + pid + " has no total");
        return Long.parseLong(total.group(2));
    }

    private static String jcmd(long pid, String command) throws IOException, InterruptedException {
        var process = new ProcessBuilder(ServiceProcess.java("jcmd"), Long.toString(pid), command)
                .redirectErrorStream(true)
                .start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) throw new BenchException("jcmd " + command + " failed: " + output);
        return output;
    }
}
