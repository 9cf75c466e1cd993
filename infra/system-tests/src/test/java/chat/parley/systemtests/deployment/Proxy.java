package chat.parley.systemtests.deployment;

import chat.parley.systemtests.process.LowPorts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A real proxy that runs the configuration of this repository; only addresses, the certificate and the idle time are its own. */
final class Proxy implements AutoCloseable {
    /** Both are of the repository, and both are promised to do the same. */
    enum Kind {
        HAPROXY,
        NGINX
    }

    /**
     * Whom it stands before, as host:port.
     *
     * @param streamIdle after this long without a byte a stream is cut; by default longer than a test has
     */
    record Setup(List<String> sendApis, List<String> streams, Duration streamIdle, ProxyCertificate certificate) {}

    private static final Duration START_MAX = Duration.ofSeconds(20);
    private static final String HOST = "127.0.0.1";

    private final Kind kind;
    private final Process process;
    private final Path log;
    private final int https;
    private final int http;

    private Proxy(Kind kind, Process process, Path log, int https, int http) {
        this.kind = kind;
        this.process = process;
        this.log = log;
        this.https = https;
        this.http = http;
    }

    /** Checks the configuration with the proxy's own checker, starts it, and returns when it listens. */
    static Proxy start(Kind kind, Setup setup, Path folder) throws Exception {
        int https = LowPorts.free();
        int http = LowPorts.free();
        var run = switch (kind) {
            case HAPROXY -> haproxy(setup, https, http);
            case NGINX -> nginx(setup, https, http, folder);
        };
        Programs.run(run.check());
        var log = folder.resolve(kind + ".log");
        var process = run.serve()
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        var proxy = new Proxy(kind, process, log, https, http);
        try {
            Awaitility.await(kind + " listens").atMost(START_MAX).until(proxy::listens);
            return proxy;
        } catch (Exception | AssertionError e) {
            proxy.close();
            throw e;
        }
    }

    /** Where browsers reach Parley. */
    URI uri() {
        return URI.create("https://" + HOST + ":" + https);
    }

    /** The address that only sends people to the other one. */
    URI plainUri() {
        return URI.create("http://" + HOST + ":" + http);
    }

    /** What it logged so far. */
    String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws InterruptedException {
        // HAProxy and nginx end their workers when they are told to end at once, and leave them behind when they are
        // killed.
        process.destroy();
        if (!process.waitFor(START_MAX.toSeconds(), TimeUnit.SECONDS)) process.destroyForcibly();
    }

    private boolean listens() {
        if (!process.isAlive()) throw new AssertionError(kind + " ended:\n" + log());
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral(HOST), https));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private record Run(ProcessBuilder check, ProcessBuilder serve) {}

    private static Run haproxy(Setup setup, int https, int http) {
        var program = Programs.required("haproxy", "haproxy").toString();
        var file = RepositoryFiles.path("infra/haproxy/haproxy.cfg").toString();
        var environment = new LinkedHashMap<String, String>();
        environment.put("PROXY_CONNECTIONS", "500"); // as many files as any account may open
        environment.put("HTTPS_BIND", HOST + ":" + https);
        environment.put("HTTP_BIND", HOST + ":" + http);
        environment.put("HTTPS_PORT", String.valueOf(https));
        environment.put("TLS_PEM", setup.certificate().pem().toString());
        environment.put("STREAM_IDLE", setup.streamIdle().toMillis() + "ms");
        for (int i = 0; i < 2; i++) {
            environment.put("SEND_API_" + (i + 1), setup.sendApis().get(i));
            environment.put("STREAM_" + (i + 1), setup.streams().get(i));
        }
        return new Run(with(environment, program, "-c", "-f", file), with(environment, program, "-db", "-f", file));
    }

    private static ProcessBuilder with(Map<String, String> environment, String... command) {
        var builder = new ProcessBuilder(dyingWithUs(command));
        builder.environment().putAll(environment);
        return builder;
    }

    private static Run nginx(Setup setup, int https, int http, Path folder) throws IOException {
        var program = Programs.required("nginx", "nginx").toString();
        var own = Files.createDirectories(folder.resolve("nginx"));
        var main = new Replacing(RepositoryFiles.text("infra/nginx/nginx.conf"))
                .with("/tmp/", own + "/")
                .with("worker_processes auto", "worker_processes 1")
                .with("worker_connections 40000", "worker_connections 500")
                .with("worker_rlimit_nofile 90000;", "")
                // As root nginx gives its workers to nobody, who cannot enter folders of tests.
                .with("error_log stderr warn;", "error_log stderr warn;\ndaemon off;\n" + userLine());
        var parley = new Replacing(RepositoryFiles.text("infra/nginx/parley.conf"))
                .with("/run/secrets/tls.pem", setup.certificate().pem().toString())
                .with("listen 8443", "listen " + HOST + ":" + https)
                .with("listen 8080", "listen " + HOST + ":" + http)
                .with(
                        "proxy_read_timeout 330s",
                        "proxy_read_timeout " + setup.streamIdle().toMillis() + "ms");
        for (int i = 0; i < 2; i++) {
            parley.with("send-api-" + (i + 1) + ":8080", setup.sendApis().get(i));
            parley.with("stream-service-" + (i + 1) + ":8081", setup.streams().get(i));
        }
        var file = Files.writeString(own.resolve("nginx.conf"), main.text()).toString();
        Files.writeString(own.resolve("parley.conf"), parley.text());
        var none = Map.<String, String>of();
        return new Run(
                with(none, program, "-t", "-e", "stderr", "-p", own.toString(), "-c", file),
                with(none, program, "-e", "stderr", "-p", own.toString(), "-c", file));
    }

    private static String userLine() {
        return System.getProperty("user.name").equals("root") ? "user root;" : "";
    }

    private static List<String> dyingWithUs(String... command) {
        var whole = new ArrayList<>(List.of("setpriv", "--pdeathsig", "TERM"));
        whole.addAll(List.of(command));
        return whole;
    }

    /** A text in which every replacement must find something: else the test would run another configuration than it says. */
    private static final class Replacing {
        private String text;

        Replacing(String text) {
            this.text = text;
        }

        Replacing with(String old, String now) {
            if (!text.contains(old)) throw new AssertionError("the configuration does not hold: " + old);
            text = text.replace(old, now);
            return this;
        }

        String text() {
            return text;
        }
    }
}
