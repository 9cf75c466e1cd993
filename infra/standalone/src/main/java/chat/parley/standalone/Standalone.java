package chat.parley.standalone;

import chat.parley.embedded.EmbeddedServerException;
import chat.parley.notifier.Notifier;
import chat.parley.notifier.NotifierSettings;
import chat.parley.ops.Health;
import chat.parley.ops.Meters;
import chat.parley.ops.Settings;
import chat.parley.ops.Shutdown;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import chat.parley.sendapi.Neighbour;
import chat.parley.sendapi.SendApi;
import chat.parley.sendapi.SendApiSettings;
import chat.parley.stream.StreamService;
import chat.parley.stream.StreamSettings;
import io.javalin.util.JavalinBindException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What {@code ./parley} runs: servers, then services, then the address on the terminal; all closed in reverse order. */
@Command(
        name = "parley",
        usageHelpWidth = 110,
        description = "Parley, a chat backend on one machine: send by HTTP, receive by one resumable stream.",
        footer = {
            "",
            "Without options: everything embedded, data in ./data, clients at http://127.0.0.1:8080.",
            "Ends on Ctrl-C or SIGTERM; started again with the same data folder it goes on where it was.",
            "Whatever else can be set is set by the variables PARLEY_..., as for the services alone: docs/operations.md.",
            "Exit codes: 0 ended as asked, 1 could not start or failed, 2 wrong arguments."
        })
public final class Standalone implements Callable<Integer> {
    @Mixin
    private final Options options = new Options();

    private final Map<String, String> environment;

    private Standalone(Map<String, String> environment) {
        this.environment = new HashMap<>(environment);
    }

    static void main(String[] arguments) {
        System.exit(new CommandLine(new Standalone(System.getenv()))
                .setExecutionExceptionHandler((failure, command, parsed) -> explain(failure, command.getErr()))
                .execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        requireFreePort();
        var health = new Health();
        try (var shutdown = new Shutdown();
                var servers = Servers.start(options.data, givenPostgres(), givenRedis());
                var meters = new Meters()) {
            migrate(servers.postgresAddress());
            var settings = settings(servers);
            var streamSettings = StreamSettings.from(settings);
            var sendApiSettings = SendApiSettings.from(settings);
            var notifierSettings = NotifierSettings.from(settings);
            settings.refuseUnknown();
            try (var notifier = Notifier.start(notifierSettings, meters, health);
                    var streams = StreamService.open(streamSettings, streamMeters(meters), health);
                    var sendApi = SendApi.start(
                            sendApiSettings,
                            new Neighbour(streams.handler(), StreamService::prepare, meters, health))) {
                System.out.println("Parley is ready at " + address(sendApi.port()));
                shutdown.await();
                sendApi.leave();
                streams.drain();
            }
            return CommandLine.ExitCode.OK;
        }
    }

    /**
     * The stream service's view of the meters: only what is its own. It opens stores that the send-api opens too, whose gauges would
     * otherwise be those of the stores that nobody writes through.
     */
    private static MeterRegistry streamMeters(Meters meters) {
        var view = new CompositeMeterRegistry();
        view.add(meters.registry());
        view.config()
                .meterFilter(MeterFilter.denyUnless(id -> id.getName().startsWith("parley.stream.")
                        || id.getName().startsWith("parley.presence.")));
        return view;
    }

    /** Before any service opens: each of them expects its tables. */
    private static void migrate(Postgres.Address address) {
        try (var postgres = Postgres.open(address, 2)) {
            postgres.migrate();
        }
    }

    /** An option, else the services' own variables: a password on a command line can be read by every user of the machine. */
    private Postgres.@Nullable Address givenPostgres() {
        if (options.postgres != null) return Servers.address(options.postgres);
        return environment.containsKey("PARLEY_POSTGRES_URL") ? Postgres.Address.from(new Settings(environment)) : null;
    }

    private @Nullable URI givenRedis() {
        if (options.redis != null || !environment.containsKey("PARLEY_REDIS_URL")) return options.redis;
        return new Settings(environment).address("PARLEY_REDIS_URL", "redis://:password@redis.example:6379");
    }

    /** The environment of a process of its own, with our options in the places of its variables. */
    private Settings settings(Servers servers) {
        // Who presses Ctrl-C at a terminal should not wait for ten seconds; there is no other node to protect from a
        // rush.
        environment.putIfAbsent("PARLEY_STREAM_DRAIN", "1");
        environment.putIfAbsent(
                "PARLEY_MEDIA", "file:" + options.data.resolve("media").toAbsolutePath());
        environment.put("PARLEY_HOST", options.host);
        environment.put("PARLEY_PORT", Integer.toString(options.port));
        if (options.metricsPort != null) environment.put("PARLEY_METRICS_PORT", options.metricsPort.toString());
        if (options.issuers != null) environment.put("PARLEY_ISSUERS", options.issuers.toString());
        environment.put("PARLEY_REDIS_URL", servers.redisAddress().toString());
        var postgres = servers.postgresAddress();
        environment.put("PARLEY_POSTGRES_URL", postgres.url());
        environment.put("PARLEY_POSTGRES_USER", postgres.user() == null ? "" : postgres.user());
        environment.put(
                "PARLEY_POSTGRES_PASSWORD",
                postgres.password() == null ? "" : postgres.password().reveal());
        return new Settings(environment);
    }

    /** Asked before anything is started: a mistyped port should not leave a new data folder behind. */
    private void requireFreePort() {
        try (var probe = new ServerSocket()) {
            probe.setReuseAddress(true); // connections of a Parley that just ended may linger
            probe.bind(new InetSocketAddress(options.host, options.port));
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "Cannot listen on " + options.host + ":" + options.port + " (" + e.getMessage()
                            + "); choose another --port or --host.",
                    e);
        }
    }

    /** What a person may open: a wildcard address is not one. */
    private URI address(int port) throws URISyntaxException {
        var wildcard = options.host.equals("0.0.0.0") || options.host.equals("::");
        return new URI("http", null, wildcard ? "localhost" : options.host, port, null, null, null);
    }

    /** What the user can help against is one sentence; everything else keeps its stack trace. */
    private static int explain(Exception failure, PrintWriter terminal) {
        switch (failure) {
            case EmbeddedServerException sentence -> terminal.println("parley: " + sentence.getMessage());
            case IllegalArgumentException setting -> terminal.println("parley: " + setting.getMessage());
            case JavalinBindException port -> terminal.println("parley: " + port.getMessage());
            case StoreUnavailable store -> terminal.println("parley: " + store.getMessage());
            default -> failure.printStackTrace(terminal);
        }
        return CommandLine.ExitCode.SOFTWARE;
    }
}
