package chat.parley.standalone;

import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The command line of {@code ./parley}. Everything has a default: the command without options starts a whole Parley. */
final class Options {
    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "8080",
            description = "Where clients connect (default: ${DEFAULT-VALUE}; 0 for a free one).")
    int port;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description = "Address to listen on (default: ${DEFAULT-VALUE}, this machine only; 0.0.0.0 for all).")
    String host = "";

    @Option(
            names = "--data",
            paramLabel = "FOLDER",
            defaultValue = "data",
            description = "Folder of the embedded PostgreSQL and Redis (default: ./${DEFAULT-VALUE}).")
    Path data = Path.of("");

    @Option(
            names = "--postgres",
            paramLabel = "URL",
            description = "Use this PostgreSQL instead, for example postgresql://user:password@host/database.")
    @Nullable
    URI postgres;

    @Option(
            names = "--redis",
            paramLabel = "URL",
            description = "Use this Redis instead, for example redis://:password@host:6379.")
    @Nullable
    URI redis;

    @Option(
            names = "--issuers",
            paramLabel = "FILE",
            description = "Accept the tokens of the issuers listed in this JSON file.")
    @Nullable
    Path issuers;

    @Option(
            names = "--metrics-port",
            paramLabel = "PORT",
            description = "Serve /metrics for Prometheus on this port (default: not served).")
    @Nullable
    Integer metricsPort;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Print this and end.")
    boolean help;
}
