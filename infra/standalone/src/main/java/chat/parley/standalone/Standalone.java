package chat.parley.standalone;

import chat.parley.account.AccountSettings;
import chat.parley.embedded.EmbeddedServerException;
import chat.parley.ops.Settings;
import chat.parley.ops.StoreUnavailable;
import chat.parley.sendapi.SendApi;
import chat.parley.sendapi.SendApiSettings;
import chat.parley.sendapi.http.BrowserSettings;
import io.javalin.util.JavalinBindException;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.concurrent.Callable;
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
            "Exit codes: 0 ended as asked, 1 could not start or failed, 2 wrong arguments."
        })
public final class Standalone implements Callable<Integer> {
    /** Three services share the 100 connections of the embedded PostgreSQL and leave some for tools. */
    private static final int CONNECTIONS = 24;

    @Mixin
    private final Options options = new Options();

    private Standalone() {}

    static void main(String[] arguments) {
        System.exit(new CommandLine(new Standalone())
                .setExecutionExceptionHandler((failure, command, parsed) -> explain(failure, command.getErr()))
                .execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        requireFreePort();
        var shutdown = Shutdown.onSignal();
        try (var servers = Servers.start(options.data, options.postgres, options.redis);
                var sendApi = SendApi.start(sendApiSettings(servers), null)) {
            System.out.println("Parley is ready at " + address(sendApi.port()));
            shutdown.await();
            sendApi.leave();
            return CommandLine.ExitCode.OK;
        } finally {
            shutdown.closed();
        }
    }

    private SendApiSettings sendApiSettings(Servers servers) {
        var environment = new Settings(System.getenv());
        return new SendApiSettings(
                options.host,
                options.port,
                options.metricsPort,
                servers.postgresAddress(),
                servers.redisAddress(),
                CONNECTIONS,
                AccountSettings.from(environment),
                BrowserSettings.from(environment));
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
