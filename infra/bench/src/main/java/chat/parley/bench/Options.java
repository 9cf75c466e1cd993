package chat.parley.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command line. The defaults are those of docs/performance.md; {@link #complaint} bounds what a run may cost. */
final class Options {
    enum What {
        SENDS,
        HOT,
        IDLE,
        FANOUT,
        RESUME,
        HISTORY,
        LISTS,
        PUSH,
        GROUPS,
        NODES,
        /** Those that have a target. */
        TARGETS,
        ALL
    }

    /** Where messages are kept. */
    enum Store {
        POSTGRES,
        CASSANDRA
    }

    private static final Set<What> WITH_TARGETS =
            EnumSet.of(What.SENDS, What.HOT, What.IDLE, What.FANOUT, What.RESUME, What.HISTORY, What.LISTS);

    private static final int SECONDS_MAX = 300;
    private static final int SENDERS_MAX = 1_000;

    /** A process may hold 20,000 file descriptors on common systems, and the services hold one for each connection. */
    private static final int CONNECTIONS_MAX = 19_000;

    /** A table of so many is made in a minute. */
    private static final int HISTORY_MAX = 5_000_000;

    /** Of a group. */
    private static final int GROUP_MAX = 100_000;

    /** A list of so many is made in a minute or two. */
    private static final int CONVERSATIONS_MAX = 5_000;

    /** Beyond, the browsers that this process plays, which decrypt each push, would be what is measured. */
    private static final int PUSH_RATE_MAX = 1_000;

    /** Streams of one user at the same time. */
    private static final int DEVICES_MAX = 20;

    @Parameters(
            arity = "0..1",
            defaultValue = "ALL",
            description =
                    "sends, hot, idle, fanout, resume, history, lists, push, groups, nodes, targets (all of these that have"
                            + " one, with a table of them) or all (default).")
    What what = What.ALL;

    @Option(names = "--seconds", defaultValue = "10", description = "Of each measurement (default: ${DEFAULT-VALUE}).")
    int seconds;

    @Option(
            names = "--warmup",
            defaultValue = "15",
            description = "Seconds before the first (default: ${DEFAULT-VALUE}).")
    int warmupSeconds;

    @Option(
            names = "--senders",
            split = ",",
            defaultValue = "1,32,256",
            description = "Senders at the same time (default: ${DEFAULT-VALUE}).")
    List<Integer> senders = List.of();

    @Option(
            names = "--rate",
            defaultValue = "1000",
            description = "Direct messages a second for the latency (default: ${DEFAULT-VALUE}; 0: not measured).")
    int rate;

    @Option(
            names = "--messages",
            split = ",",
            defaultValue = "postgres",
            description = "Where messages are: postgres, cassandra, or both, one after the other"
                    + " (default: ${DEFAULT-VALUE}).")
    List<Store> messages = List.of();

    @Option(
            names = "--receivers",
            defaultValue = "1024",
            description = "People whom the senders write to, each in a conversation of its own"
                    + " (default: ${DEFAULT-VALUE}).")
    int receivers;

    @Option(
            names = "--hot-sizes",
            split = ",",
            defaultValue = "32,300",
            description = "Members of the group that 32 write into (default: ${DEFAULT-VALUE}).")
    List<Integer> hotSizes = List.of();

    @Option(names = "--resuming", defaultValue = "5000", description = "Clients (default: ${DEFAULT-VALUE}).")
    int resuming;

    @Option(
            names = "--away-seconds",
            defaultValue = "65",
            description =
                    "That members of a large group stay away before they come back; what was said in the minute before"
                            + " the last event they read is told again (default: ${DEFAULT-VALUE}).")
    int awaySeconds;

    @Option(
            names = "--histories",
            split = ",",
            defaultValue = "1000,1000000",
            description = "Messages of the conversations that are paged through (default: ${DEFAULT-VALUE}).")
    List<Integer> histories = List.of();

    @Option(
            names = "--idle-seconds",
            defaultValue = "50",
            description = "That connections wait, two heartbeats (default: ${DEFAULT-VALUE}).")
    int idleSeconds;

    @Option(names = "--connections", defaultValue = "10000", description = "Idle ones (default: ${DEFAULT-VALUE}).")
    int connections;

    @Option(names = "--members", defaultValue = "5000", description = "Of the group (default: ${DEFAULT-VALUE}).")
    int members;

    @Option(names = "--devices", defaultValue = "1", description = "Streams a member (default: ${DEFAULT-VALUE}).")
    int devices;

    @Option(
            names = "--fanout-rate",
            defaultValue = "4",
            description =
                    "Messages a second to the group for the latency (default: ${DEFAULT-VALUE}; 0: not measured).")
    int fanoutRate;

    @Option(
            names = "--conversations",
            defaultValue = "1000",
            description = "Of the person with the longer list (default: ${DEFAULT-VALUE}).")
    int conversations;

    @Option(
            names = "--push-rate",
            defaultValue = "200",
            description = "Messages a second that each wake a browser (default: ${DEFAULT-VALUE}).")
    int pushRate;

    @Option(
            names = "--group-sizes",
            split = ",",
            defaultValue = "100000,10000,300,256,50,2",
            description = "Members of the groups in which a message is measured (default: ${DEFAULT-VALUE}).")
    List<Integer> groupSizes = List.of();

    @Option(
            names = "--group-connected",
            defaultValue = "5000",
            description = "Members of one group who are connected (default: ${DEFAULT-VALUE}).")
    int groupConnected;

    @Option(names = "--data", description = "Folder for the run, deleted afterwards (default: a temporary one).")
    Path data = Path.of(System.getProperty("java.io.tmpdir", "/tmp"));

    @Option(names = "--keep", description = "Keep that folder, with the services' logs.")
    boolean keep;

    @Option(
            names = "--jvm",
            description = "Option for the services' JVMs, repeatable; {service} stands for the name, for example"
                    + " -XX:StartFlightRecording=filename=/tmp/{service}.jfr.")
    List<String> jvm = new ArrayList<>();

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Print this and end.")
    boolean help;

    @Option(
            names = "--profile",
            description =
                    "Record the services by the JDK's Flight Recorder, and print where CPU and allocated bytes go.")
    boolean profile;

    /** The source of the floor. */
    Path floor = Path.of(System.getProperty("parley.bench.floor", "floor/floor.c"));

    private Path folder = Path.of("");

    /** Null, or what is out of bounds. */
    @Nullable
    String complaint() {
        if (seconds < 1 || seconds > SECONDS_MAX) return "--seconds must be from 1 to " + SECONDS_MAX;
        if (warmupSeconds < 1 || warmupSeconds > SECONDS_MAX) return "--warmup must be from 1 to " + SECONDS_MAX;
        if (connections < 1 || connections > CONNECTIONS_MAX)
            return "--connections must be from 1 to " + CONNECTIONS_MAX;
        if (members < 2 || members > CONNECTIONS_MAX) return "--members must be from 2 to " + CONNECTIONS_MAX;
        if (idleSeconds < 1 || idleSeconds > SECONDS_MAX) return "--idle-seconds must be from 1 to " + SECONDS_MAX;
        if (awaySeconds < 1 || awaySeconds > SECONDS_MAX) return "--away-seconds must be from 1 to " + SECONDS_MAX;
        if (resuming < 2 || resuming > CONNECTIONS_MAX) return "--resuming must be from 2 to " + CONNECTIONS_MAX;
        var wrong = complaintOfSizes();
        if (wrong != null) return wrong;
        if (devices < 1 || devices > DEVICES_MAX) return "--devices must be from 1 to " + DEVICES_MAX;
        if (conversations < 2 || conversations > CONVERSATIONS_MAX)
            return "--conversations must be from 2 to " + CONVERSATIONS_MAX;
        if (groupConnected < 2 || groupConnected > CONNECTIONS_MAX)
            return "--group-connected must be from 2 to " + CONNECTIONS_MAX;
        if (pushRate < 1 || pushRate > PUSH_RATE_MAX) return "--push-rate must be from 1 to " + PUSH_RATE_MAX;
        if (rate < 0 || fanoutRate < 0) return "rates must not be negative";
        return members * devices > CONNECTIONS_MAX
                ? "--members times --devices must be at most " + CONNECTIONS_MAX
                : null;
    }

    private @Nullable String complaintOfSizes() {
        for (int count : senders) {
            if (count < 1 || count > SENDERS_MAX) return "--senders must be from 1 to " + SENDERS_MAX + " each";
            if (count > receivers) return "--receivers must be as many as --senders";
        }
        if (receivers > CONNECTIONS_MAX) return "--receivers must be at most " + CONNECTIONS_MAX;
        for (int size : groupSizes) {
            if (size < 2 || size > GROUP_MAX) return "--group-sizes must be from 2 to " + GROUP_MAX + " each";
        }
        for (int size : hotSizes) {
            if (size < 2 || size > CONNECTIONS_MAX) return "--hot-sizes must be from 2 to " + CONNECTIONS_MAX + " each";
        }
        for (int size : histories) {
            if (size < 2 || size > HISTORY_MAX) return "--histories must be from 2 to " + HISTORY_MAX + " each";
        }
        return null;
    }

    boolean wants(What part) {
        return what == part || what == What.ALL || (what == What.TARGETS && WITH_TARGETS.contains(part));
    }

    Duration duration() {
        return Duration.ofSeconds(seconds);
    }

    Duration warmup() {
        return Duration.ofSeconds(warmupSeconds);
    }

    Duration away() {
        return Duration.ofSeconds(awaySeconds);
    }

    /** The folder of this run, below {@link #data}. */
    Path folder() {
        return folder;
    }

    void folder(Path made) {
        folder = made;
    }
}
