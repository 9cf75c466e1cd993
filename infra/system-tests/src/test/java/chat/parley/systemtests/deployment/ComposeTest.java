package chat.parley.systemtests.deployment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The compose files fit Docker Compose, each other, the services, and what they mount. */
class ComposeTest {
    private static final String FOLDER = "infra/compose/";
    private static final String FILE = "compose.yaml";
    private static final JsonNode RING = YamlFiles.one(FOLDER + "cassandra.yaml");
    private static final String USER_OF_THE_IMAGE = "10001:10001";

    private static final Pattern DEFAULT_ADDRESS = Pattern.compile("_[12]-([a-z0-9-]+):([0-9]+)}");
    private static final Pattern TARGET = Pattern.compile("([a-z0-9-]+):([0-9]+)[,\\]]");
    private static final Pattern SECONDS = Pattern.compile("([0-9]+)s");
    private static final Pattern ADDRESS = Pattern.compile("([0-9.]+):6379");
    private static final int ROOM_TO_CLOSE_SECONDS = 15;
    private static final int REDIS_NODES = 6;

    private final JsonNode compose = YamlFiles.one(FOLDER + FILE);
    private final Map<String, JsonNode> services = fields(compose.path("services"));

    @TempDir
    Path folder = Path.of("");

    @Test
    void each_process_takes_its_settings_and_has_time_to_leave() throws IOException {
        var ours = ours();
        assertEquals(
                Set.of("send-api-1", "send-api-2", "stream-service-1", "stream-service-2", "notifier"), ours.keySet());
        for (var service : ours.values()) {
            service.requireTaken(folder);
            var said = Objects.requireNonNull(services.get(service.name()));
            var grace = SECONDS.matcher(said.path("stop_grace_period").asText());
            assertTrue(grace.matches(), service.name());
            assertTrue(
                    Integer.parseInt(Objects.requireNonNull(grace.group(1)))
                            >= service.drainSeconds() + ROOM_TO_CLOSE_SECONDS,
                    () -> service.name() + " is killed before it has left");
            assertEquals(USER_OF_THE_IMAGE, said.path("user").asText(), service.name());
            var probe = said.path("healthcheck").path("test").toString();
            assertTrue(probe.contains("/127.0.0.1/" + service.healthPort()), probe);
            assertTrue(probe.contains("GET /readyz"), probe);
        }
    }

    private Map<String, DeployedService> ours() {
        var ours = new TreeMap<String, DeployedService>();
        services.forEach((name, service) -> {
            if (!service.path("image").asText().contains("parley")) return;
            var environment = new HashMap<String, String>();
            fields(service.path("environment"))
                    .forEach(
                            (key, value) -> environment.put(key, value.asText().replaceAll("\\$\\{\\w+:-(.*)}", "$1")));
            ours.put(name, new DeployedService(name, YamlFiles.texts(service.path("command")), environment));
        });
        return ours;
    }

    @Test
    void each_process_takes_what_the_ring_adds_to_its_settings() throws IOException {
        var added = fields(RING.path("services"));
        for (var service : ours().values()) {
            var environment = new HashMap<>(service.environment());
            var ring = Objects.requireNonNull(added.get(service.name())).path("environment");
            fields(ring).forEach((key, value) -> environment.put(key, value.asText()));
            assertEquals("cassandra", environment.get("PARLEY_MESSAGES"));
            for (var contact :
                    environment.getOrDefault("PARLEY_CASSANDRA_CONTACTS", "").split(",", -1)) {
                assertTrue(added.containsKey(contact.replace(":9042", "")), contact);
            }
            new DeployedService(service.name(), service.arguments(), environment).requireTaken(folder);
        }
    }

    @Test
    void every_container_is_confined_bounded_and_watched() {
        services.forEach((name, service) -> {
            assertTrue(service.path("read_only").asBoolean(), name);
            if (service.path("restart").asText().equals("no")) assertConfined(name, service); // does its work and ends
            else assertConfinedAndWatched(name, service);
        });
        fields(RING.path("services")).forEach((name, service) -> {
            // The others are ours, which only get more settings there.
            if (service.has("image")) assertConfinedAndWatched(name, service);
        });
    }

    @Test
    void our_processes_may_execute_the_native_code_that_they_put_into_tmp() {
        var ours = services.entrySet().stream()
                .filter(service ->
                        service.getValue().path("command").path(0).asText().startsWith("chat.parley."))
                .toList();
        assertFalse(ours.isEmpty());
        for (var service : ours) {
            // Docker's tmpfs forbids it unless told otherwise.
            var options = YamlFiles.texts(service.getValue().path("tmpfs"));
            assertTrue(options.stream().anyMatch(tmp -> tmp.startsWith("/tmp:exec,")), service.getKey());
        }
    }

    private static void assertConfined(String name, JsonNode service) {
        var user = service.path("user").asText();
        assertFalse(user.isEmpty() || user.startsWith("0"), name);
        assertEquals(List.of("ALL"), YamlFiles.texts(service.path("cap_drop")), name);
        assertEquals(List.of("no-new-privileges:true"), YamlFiles.texts(service.path("security_opt")), name);
        var image = service.path("image").asText();
        assertTrue(image.contains(":") && !image.endsWith(":latest"), () -> name + " runs whatever comes: " + image);
    }

    private static void assertConfinedAndWatched(String name, JsonNode service) {
        assertConfined(name, service);
        assertFalse(service.at("/deploy/resources/limits/memory").asText().isEmpty(), name);
        assertFalse(service.at("/healthcheck/test").isEmpty(), name);
    }

    @Test
    void whatever_is_named_is_there() throws Exception {
        var missing = new ArrayList<String>();
        services.forEach((name, service) -> {
            for (var volume : service.path("volumes")) {
                var source = volume.asText().split(":", 2)[0];
                boolean isThere = source.startsWith(".")
                        ? Files.exists(RepositoryFiles.path(FOLDER + source))
                        : compose.path("volumes").has(source);
                if (!isThere) missing.add(name + " mounts " + source);
            }
            for (var list : List.of("secrets", "networks")) {
                without(named(service.path(list)), names(compose.path(list)))
                        .forEach(unknown -> missing.add(name + ": " + list + " " + unknown));
            }
            var needed = service.path("depends_on");
            without(named(needed), services.keySet()).forEach(unknown -> missing.add(name + " needs " + unknown));
        });
        assertEquals(List.of(), missing);
        makeSecrets();
        fields(compose.path("secrets"))
                .forEach((name, secret) -> assertTrue(
                        Files.exists(folder.resolve(secret.path("file").asText())),
                        () -> "make-secrets makes no " + name));
    }

    private void makeSecrets() throws Exception {
        Programs.required("openssl", "openssl");
        var script = Files.copy(RepositoryFiles.path(FOLDER + "make-secrets"), folder.resolve("make-secrets"));
        Programs.run(new ProcessBuilder("bash", script.toString()));
        var redis = Files.readString(folder.resolve("secrets/redis_password")).strip();
        assertTrue(Files.readString(folder.resolve("secrets/redis_url")).contains(":" + redis + "@redis-1:6379"));
    }

    @Test
    void the_proxy_and_prometheus_ask_services_that_there_are() {
        var open = new TreeSet<String>();
        var metrics = new TreeSet<String>();
        ours().forEach((name, service) -> {
            metrics.add(name + ":" + service.metricsPort());
            if (service.environment().containsKey("PARLEY_PORT")) open.add(name + ":" + service.healthPort());
        });
        assertEquals(open, pairs(DEFAULT_ADDRESS, RepositoryFiles.text("infra/haproxy/haproxy.cfg")));
        assertEquals(
                open,
                pairs(
                        Pattern.compile("server ([a-z0-9-]+):([0-9]+) "),
                        RepositoryFiles.text("infra/nginx/parley.conf")));
        assertEquals(metrics, pairs(TARGET, RepositoryFiles.text("infra/observability/prometheus.yml")));
        var grafana = RepositoryFiles.text("infra/observability/grafana/provisioning/datasources/prometheus.yml");
        assertTrue(grafana.contains("http://prometheus:9090") && services.containsKey("prometheus"));
    }

    @Test
    void redis_keeps_what_it_was_given_and_is_one_cluster() {
        var members = new TreeSet<String>();
        for (int i = 1; i <= REDIS_NODES; i++) {
            var node = Objects.requireNonNull(services.get("redis-" + i));
            var command = node.path("command").toString();
            for (var setting : List.of(
                    "maxmemory-policy noeviction",
                    "appendonly yes",
                    "cluster-enabled yes",
                    "cluster-require-full-coverage no",
                    "stream-node-max-bytes 1024")) {
                assertTrue(command.contains(setting), setting);
            }
            members.add(node.at("/networks/stores/ipv4_address").asText());
        }
        var made = Objects.requireNonNull(services.get("redis-cluster")).path("command");
        var named = ADDRESS.matcher(made.toString())
                .results()
                .map(address -> Objects.requireNonNull(address.group(1)))
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(REDIS_NODES, members.size());
        assertEquals(members, named);
    }

    @Test
    void compose_takes_the_files_and_no_misspelt_word() throws Exception {
        var resolved = YamlFiles.parse(Programs.run(compose("config"))).path("services");
        var expected = new TreeSet<>(services.keySet());
        expected.addAll(names(RING.path("services")));
        assertEquals(expected, names(resolved));
        var awaited = names(resolved.path("send-api-1").path("depends_on"));
        assertTrue(awaited.containsAll(Set.of("postgres", "redis-cluster", "cassandra-3")), awaited::toString);
        var bad = compose("config", "-q");
        Files.writeString(folder.resolve(FILE), text().replace("read_only:", "readonly:"));
        assertThrows(AssertionError.class, () -> Programs.run(bad));
    }

    /** Docker's plugin where it is, else Debian's docker-compose; neither needs an engine to understand a file. */
    private ProcessBuilder compose(String... command) throws Exception {
        var words = new ArrayList<>(program());
        words.addAll(List.of(
                "--project-directory",
                RepositoryFiles.path(FOLDER).toString(),
                "-f",
                Files.writeString(folder.resolve(FILE), text()).toString(),
                "-f",
                RepositoryFiles.path(FOLDER + "cassandra.yaml").toString()));
        words.addAll(List.of(command));
        return new ProcessBuilder(words);
    }

    private static List<String> program() throws Exception {
        var docker = Programs.find("docker");
        if (docker.isPresent()) {
            var plugin = List.of(docker.get().toString(), "compose");
            var version = new ProcessBuilder(plugin.getFirst(), plugin.getLast(), "version")
                    .redirectErrorStream(true)
                    .start();
            version.getInputStream().readAllBytes();
            if (version.waitFor() == 0) return plugin;
        }
        return List.of(Programs.required("docker-compose", "docker-compose").toString());
    }

    /** Debian's 1.29 knows all of the specification that is used here, but for the project's name. */
    private static String text() {
        return RepositoryFiles.text(FOLDER + FILE).replace("\nname: parley\n", "\n");
    }

    private static Set<String> pairs(Pattern pattern, String text) {
        var pairs = new TreeSet<String>();
        pattern.matcher(text).results().forEach(pair -> pairs.add(pair.group(1) + ":" + pair.group(2)));
        return pairs;
    }

    /** Compose takes a list of names, or an object with more about each. */
    private static Set<String> named(JsonNode listOrObject) {
        return listOrObject.isArray() ? new TreeSet<>(YamlFiles.texts(listOrObject)) : names(listOrObject);
    }

    private static Set<String> names(JsonNode object) {
        return fields(object).keySet();
    }

    private static Map<String, JsonNode> fields(JsonNode object) {
        var fields = new TreeMap<String, JsonNode>();
        object.properties().forEach(field -> fields.put(field.getKey(), field.getValue()));
        return fields;
    }

    private static Set<String> without(Set<String> names, Set<String> known) {
        var unknown = new TreeSet<>(names);
        unknown.removeAll(known);
        return unknown;
    }
}
