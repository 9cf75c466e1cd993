package chat.parley.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;

/**
 * Everybody's connection breaks, everybody misses some messages, and all come back at once with the id of the last event they read: people of many small groups,
 * and then the same people as members of one large group.
 */
final class ResumeBench {
    private static final int MISSED = 20;

    /** People of one group: each message goes into the stream of each, so that many streams are filled by few sends. */
    private static final int GROUP = 50;

    private static final double SECONDS_MAX = 1.2;
    /** Most rounds until the compilers rest, as {@link WarmUp} has it: a service that runs for weeks resumes by compiled code. */
    private static final int ROUNDS_MAX = 10;

    private static final int ROUNDS_MIN = 3;
    private static final Duration GOODBYE = Duration.ofSeconds(2);

    /** The messages sent to people who are away leave pushes; most of it is their grace. */
    private static final Duration PUSHES_PATIENCE = Duration.ofSeconds(60);

    private static final Duration POLL = Duration.ofMillis(50);
    private static final long READ_PATIENCE_NANOS = 10_000_000_000L;

    private final Deployment deployment;
    private final People people;
    private final Options options;
    private final Report report;
    private final Scorecard scorecard;

    ResumeBench(Deployment deployment, People people, Options options, Report report, Scorecard scorecard) {
        this.deployment = deployment;
        this.people = people;
        this.options = options;
        this.report = report;
        this.scorecard = scorecard;
    }

    /** Some who share a conversation; the first sends. */
    private record Group(Person sender, String conversation) {}

    /**
     * Who misses what.
     *
     * @param who as the titles say it
     * @param away how long they are, at least
     */
    private record Scene(String who, List<Group> groups, Duration away) {}

    /** In small groups. */
    void run() throws IOException, InterruptedException, ExecutionException {
        var crowd = people.first(options.resuming);
        comeBack(crowd, new Scene(options.resuming + " clients", groups(crowd, GROUP), GOODBYE));
    }

    /** In one large group. */
    void runInLargeGroup() throws IOException, InterruptedException, ExecutionException {
        var crowd = people.first(options.resuming);
        // Of a large group the minute before the last event they read is told again. They stay away for longer, or each
        // round would tell what all rounds before it told: so each reads what was missed, and once more the messages
        // of the round before, which do not count. Before that the group's stream has to be as old, or history tells.
        var large = groups(crowd, crowd.size());
        send(large, 1);
        Thread.sleep(options.away());
        comeBack(crowd, new Scene(options.resuming + " clients of one large group", large, options.away()));
    }

    private void comeBack(List<Person> crowd, Scene scene)
            throws IOException, InterruptedException, ExecutionException {
        var groups = scene.groups;
        List<StreamClient.Opening> left;
        try (var streams = new StreamClients(deployment.address(Part.STREAM_SERVICE))) {
            streams.open(crowd, 1);
            var tally = streams.tally();
            send(groups, 1);
            require(tally.await(crowd.size(), READ_PATIENCE_NANOS), tally, crowd.size());
            left = streams.leave();
        }
        report.title(scene.who + " come back with " + MISSED + " missed messages each");
        report.head(List.of(
                "round",
                "all caught up, s",
                "messages expected, read",
                "CPU a client, µs: stream-service",
                "PostgreSQL",
                "Redis",
                "of it compilers",
                "generator",
                "others' cores",
                "ended, refused"));
        double fastest = Double.MAX_VALUE;
        double compilers = 1;
        for (int round = 1;
                round <= ROUNDS_MIN || (round <= ROUNDS_MAX && compilers > WarmUp.COMPILERS_SHARE_MAX);
                round++) {
            Thread.sleep(scene.away);
            long missedSince = System.nanoTime();
            send(groups, MISSED);
            awaitPushes();
            try (var streams = new StreamClients(deployment.address(Part.STREAM_SERVICE))) {
                var tally = streams.tally(missedSince);
                long expected = (long) MISSED * crowd.size();
                var before = deployment.cpu();
                streams.open(left);
                require(tally.await(expected, READ_PATIENCE_NANOS), tally, expected);
                var used = deployment.cpu().since(before);
                compilers = used.compilersShare();
                row(round, expected, tally.messages(), used, streams.ended() + ", " + streams.refused());
                fastest = Math.min(fastest, used.seconds());
                left = streams.leave();
            }
        }
        scorecard.atMost(scene.who + " resume " + MISSED + " events each, best round", fastest, "s", SECONDS_MAX);
    }

    private void row(int round, long expected, long read, CpuSample used, String again) {
        var cells = new ArrayList<String>();
        cells.add(Integer.toString(round));
        cells.add(Report.number(used.seconds()));
        cells.add(expected + ", " + read);
        for (var part : List.of(Part.STREAM_SERVICE, Part.POSTGRES, Part.REDIS)) {
            cells.add(Report.number((double) used.of(part) / options.resuming));
        }
        cells.add(Report.number((double) used.compilersMicros() / options.resuming));
        cells.add(Report.number((double) used.of(Part.GENERATOR) / options.resuming));
        cells.add(Report.number(used.othersCores()));
        cells.add(again);
        report.row(cells);
    }

    private void awaitPushes() throws InterruptedException {
        long until = System.nanoTime() + PUSHES_PATIENCE.toNanos();
        while (deployment.pushJobs() > 0) {
            if (System.nanoTime() > until) throw new BenchException(deployment.pushJobs() + " pushes are left");
            Thread.sleep(POLL);
        }
    }

    private static void require(boolean came, Tally tally, long expected) {
        if (!came) throw new BenchException(tally.messages() + " of " + expected + " messages were read");
    }

    private List<Group> groups(List<Person> crowd, int size) throws InterruptedException, ExecutionException {
        var calls = new ArrayList<Callable<Group>>();
        for (int from = 0; from < crowd.size(); from += size) {
            var members = crowd.subList(from, Math.min(from + size, crowd.size()));
            calls.add(() -> new Group(members.getFirst(), deployment.api().group(members)));
        }
        return People.all(calls);
    }

    private void send(List<Group> groups, int each) throws InterruptedException, ExecutionException {
        var calls = new ArrayList<Callable<Void>>();
        for (var group : groups) {
            calls.add(() -> {
                for (int i = 0; i < each; i++) deployment.api().send(group.sender, group.conversation);
                return null;
            });
        }
        People.all(calls);
    }
}
