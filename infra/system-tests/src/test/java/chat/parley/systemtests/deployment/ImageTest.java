package chat.parley.systemtests.deployment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import chat.parley.json.Json;
import chat.parley.systemtests.process.LowPorts;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.RealRedis;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The image that Maven builds, unpacked: what it says of itself, and whether its processes start from its files alone, as its user, which may write to none of them. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class ImageTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    private static final String USER = "10001";
    private static final Duration READY_MAX = Duration.ofSeconds(90);
    private static final Duration ASK_MAX = Duration.ofSeconds(5);

    @TempDir
    Path folder = Path.of("");

    private Path root = Path.of("");
    private JsonNode config = Json.MAPPER.createObjectNode();

    @BeforeEach
    void unpack() throws Exception {
        var image = RepositoryFiles.path("infra/image/target/parley-image.tar");
        if (Files.notExists(image)) {
            var sentence = "mvn package builds the image that this test looks at; it is not there.";
            if (System.getenv("CI") == null) abort(sentence);
            else fail(sentence);
        }
        var parts = Files.createDirectory(folder.resolve("parts"));
        root = Files.createDirectory(folder.resolve("root"));
        untar(image, parts);
        var manifest =
                Json.MAPPER.readTree(parts.resolve("manifest.json").toFile()).get(0);
        config = Json.MAPPER
                .readTree(parts.resolve(manifest.path("Config").asText()).toFile())
                .path("config");
        for (var layer : manifest.path("Layers")) untar(parts.resolve(layer.asText()), root);
        // The folders of tests are closed to other users, and this image's user is another one.
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static void untar(Path archive, Path into) throws Exception {
        Programs.run(new ProcessBuilder("tar", "-xf", archive.toString(), "-C", into.toString(), "--no-same-owner"));
    }

    @Test
    void it_says_what_compose_and_kubernetes_expect() throws Exception {
        assertEquals(USER + ":" + USER, config.path("User").asText());
        assertEquals("/tmp", config.path("WorkingDir").asText());
        assertEquals(
                Set.of("8080/tcp", "8081/tcp", "9464/tcp"),
                config.path("ExposedPorts").properties().stream()
                        .map(port -> port.getKey())
                        .collect(Collectors.toSet()));
        assertEquals(
                "Parley", config.at("/Labels/org.opencontainers.image.title").asText());
        assertEquals("rwxrwxrwx", PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve("media"))));
        assertTrue(Files.exists(root.resolve("app/resources/LICENSE")));
        var jars = files(root.resolve("app/libs"));
        assertTrue(jars.stream().anyMatch(jar -> jar.contains("parley-send-api")), jars::toString);
        var strangers = jars.stream()
                .filter(jar -> jar.matches(".*(-tests\\.jar|junit|embedded|testkit).*"))
                .toList();
        assertEquals(List.of(), strangers);
    }

    @Test
    void each_process_starts_from_it_and_writes_to_nothing_in_it() throws Exception {
        var before = files(root);
        var started = new ArrayList<Started>();
        try {
            for (var main : List.of(
                    "chat.parley.sendapi.SendApi",
                    "chat.parley.stream.StreamService",
                    "chat.parley.notifier.Notifier")) {
                started.add(start(main));
            }
            try (var http = HttpClient.newHttpClient()) {
                for (var service : started) {
                    Awaitility.await(service.main() + " is ready")
                            .atMost(READY_MAX)
                            .until(() -> isReady(http, service));
                }
            }
        } finally {
            for (var service : started) service.process().destroyForcibly().waitFor();
        }
        assertEquals(before, files(root));
    }

    private record Started(String main, Process process, URI health, Path log) {}

    private Started start(String main) throws Exception {
        int health = LowPorts.free();
        var settings = new HashMap<String, String>();
        settings.put("PARLEY_POSTGRES_URL", POSTGRES.jdbcUrl());
        settings.put("PARLEY_POSTGRES_USER", POSTGRES.user());
        settings.put("PARLEY_POSTGRES_PASSWORD_FILE", secret("postgres", POSTGRES.password()));
        settings.put("PARLEY_REDIS_URL_FILE", secret("redis", REDIS.uri().toString()));
        settings.put(main.endsWith("Notifier") ? "PARLEY_METRICS_PORT" : "PARLEY_PORT", Integer.toString(health));
        var log = folder.resolve(main + ".log");
        var builder =
                new ProcessBuilder(command(main)).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.directory(root.toFile()).environment().clear();
        builder.environment().putAll(settings);
        return new Started(main, builder.start(), URI.create("http://127.0.0.1:" + health + "/readyz"), log);
    }

    /** The image's entry point with this machine's Java, its paths below the unpacked root. */
    private List<String> command(String main) throws Exception {
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var command = asTheImagesUser(java);
        for (var word : config.path("Entrypoint")) {
            command.add(word.asText().equals("java") ? java : word.asText().replace("/app/", root + "/app/"));
        }
        command.add(main);
        return command;
    }

    private static List<String> asTheImagesUser(String java) throws Exception {
        var command = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL"));
        if (!System.getProperty("user.name").equals("root")) return command;
        command.addAll(List.of("--reuid=" + USER, "--regid=" + USER, "--clear-groups"));
        if (reaches(command, java)) return command;
        // Where Java is installed below root's own folder, that user may pass through, and still write nowhere.
        for (var set : List.of("inh-caps", "ambient-caps", "bounding-set")) {
            command.add("--" + set + "=-all,+dac_read_search");
        }
        return command;
    }

    private static boolean reaches(List<String> prefix, String program) throws Exception {
        var test = new ArrayList<>(prefix);
        test.addAll(List.of("test", "-x", program));
        return new ProcessBuilder(test).start().waitFor() == 0;
    }

    private String secret(String name, String value) throws IOException {
        return Files.writeString(folder.resolve(name), value).toString();
    }

    private static boolean isReady(HttpClient http, Started service) throws Exception {
        if (!service.process().isAlive()) {
            throw new AssertionError(service.main() + " ended:\n" + Files.readString(service.log()));
        }
        try {
            var request =
                    HttpRequest.newBuilder(service.health()).timeout(ASK_MAX).build();
            return http.send(request, BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException notYet) {
            return false;
        }
    }

    private static Set<String> files(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            return files.map(file -> folder.relativize(file).toString()).collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
