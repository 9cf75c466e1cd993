package chat.parley.bench;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** The command {@code infra/bench/run}: starts everything, measures, prints, ends everything. */
public final class Bench {
    private static final int OK = 0;
    private static final int FAILED = 1;
    private static final int MISUSED = 2;

    private Bench() {}

    public static void main(String[] arguments) throws Exception {
        // What this process says is a table; the embedded servers' remarks would stand in it.
        ((Logger) LoggerFactory.getLogger("chat.parley")).setLevel(Level.WARN);
        System.exit(run(new PrintWriter(System.out, true, StandardCharsets.UTF_8), arguments));
    }

    /** Measures what {@code arguments} ask for; returns the exit code. */
    static int run(PrintWriter out, String... arguments) throws Exception {
        var options = new Options();
        var command =
                new CommandLine(options).setCommandName("infra/bench/run").setCaseInsensitiveEnumValuesAllowed(true);
        try {
            command.parseArgs(arguments);
        } catch (CommandLine.ParameterException e) {
            out.println(e.getMessage());
            return MISUSED;
        }
        if (options.help) {
            command.usage(out);
            return OK;
        }
        var complaint = options.complaint();
        if (complaint != null) {
            out.println(complaint);
            return MISUSED;
        }
        options.folder(Files.createTempDirectory(Files.createDirectories(options.data), "parley-bench"));
        try {
            measure(options, new Report(out), List.of(arguments));
            return OK;
        } catch (BenchException e) {
            out.println(e.getMessage());
            return FAILED;
        } finally {
            if (options.keep) out.println("Kept: " + options.folder());
            else delete(options.folder());
        }
    }

    private static void measure(Options options, Report report, List<String> arguments) throws Exception {
        report.line(
                "`infra/bench/run %s`, %d cores, load average %.2f before.",
                String.join(" ", arguments), Runtime.getRuntime().availableProcessors(), ProcessStat.loadAverage());
        var scorecard = new Scorecard();
        for (var store : options.messages) {
            var folder = options.folder().resolve(store.name().toLowerCase(Locale.ROOT));
            measure(options, report, folder, store, scorecard);
        }
        if (!scorecard.isEmpty()) scorecard.print(report);
        report.line("%nLoad average %.2f after.", ProcessStat.loadAverage());
    }

    private static void measure(Options options, Report report, Path folder, Options.Store store, Scorecard scorecard)
            throws Exception {
        var profile = options.profile ? Profile.begin(folder.getFileName().toString()) : null;
        var jvm = new ArrayList<>(options.jvm);
        if (profile != null) jvm.addAll(profile.jvmOptions());
        try (var deployment = Deployment.start(folder, jvm, store)) {
            work(deployment, new People(deployment), options, report, scorecard);
            if (profile != null) profile.from(deployment.measuredFrom());
        }
        if (profile != null) profile.print(report);
    }

    private static void work(Deployment deployment, People people, Options options, Report report, Scorecard scorecard)
            throws Exception {
        // First: memory a connection is told by a service that has done nothing else.
        if (options.wants(Options.What.IDLE)) new IdleBench(deployment, people, options, report, scorecard).run();
        var resume = new ResumeBench(deployment, people, options, report, scorecard);
        // Before the parts that put everybody into a large group, whose last minute is told again to each who comes
        // back.
        if (options.wants(Options.What.RESUME)) resume.run();
        if (options.wants(Options.What.SENDS)) new SendsBench(deployment, people, options, report, scorecard).run();
        if (options.wants(Options.What.HOT)) new HotBench(deployment, people, options, report, scorecard).run();
        if (options.wants(Options.What.FANOUT)) new FanoutBench(deployment, people, options, report, scorecard).run();
        if (options.wants(Options.What.RESUME)) resume.runInLargeGroup();
        if (options.wants(Options.What.LISTS)) new ListsBench(deployment, people, options, report, scorecard).run();
        if (options.wants(Options.What.HISTORY)) new HistoryBench(deployment, people, options, report, scorecard).run();
        if (options.wants(Options.What.PUSH)) new PushBench(deployment, people, options, report).run();
        if (options.wants(Options.What.GROUPS)) new GroupsBench(deployment, people, options, report).run();
        if (options.wants(Options.What.NODES)) nodes(deployment, people, options, report, scorecard);
    }

    /** The same with one stream node and with two. */
    private static void nodes(Deployment deployment, People people, Options options, Report report, Scorecard scorecard)
            throws Exception {
        new FanoutBench(deployment, people, options, report, scorecard).runWithoutFloor();
        deployment.addStreamNode();
        new FanoutBench(deployment, people, options, report, scorecard).runWithoutFloor();
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(file);
        }
    }
}
