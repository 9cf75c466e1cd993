package chat.parley.systemtests.deployment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.json.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Alerts and dashboards speak of meters that there are, and of sections that there are. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ObservabilityTest {
    private static final String FOLDER = "infra/observability/";
    private static final Pattern METER = Pattern.compile("\\b(?:parley|jvm|process|system)_[a-z_0-9]+");
    private static final Pattern SECTION = Pattern.compile("docs/operations\\.md#([a-z0-9-]+)");
    private static final Pattern HEADING = Pattern.compile("^#{2,4} (.+)$", Pattern.MULTILINE);
    private static final Pattern ALERT = Pattern.compile("alert(?:name)?: (Parley\\w+)");
    private static final Pattern SCALED_BY = Pattern.compile("metric: \\{name: (\\w+)}");
    private static final Pattern LABELS = Pattern.compile("\\{[^{}]*(?:\\{[^{}]*}[^{}]*)*}");

    /** Counted only where a credentials file is used, which needs a vendor, or where messages are in Cassandra. */
    private static final Set<String> NOT_IN_EVERY_INSTALLATION = Set.of(
            "parley_cassandra_contention_total", "parley_cassandra_unknown_total", "parley_push_credentials_unusable");

    @Test
    void every_meter_that_is_asked_for_is_served() throws Exception {
        var asked = new TreeSet<String>();
        for (var expression : expressions()) {
            var names = METER.matcher(LABELS.matcher(expression).replaceAll(""));
            while (names.find()) asked.add(names.group());
        }
        assertTrue(asked.size() > 30, () -> "too few to be all of them: " + asked);
        asked.removeAll(ServedMetrics.names());
        assertEquals(NOT_IN_EVERY_INSTALLATION, asked);
        for (var name : NOT_IN_EVERY_INSTALLATION) {
            assertTrue(RepositoryFiles.text("docs/operations.md").contains("`" + name + "`"), name);
        }
    }

    @Test
    void every_alert_and_every_panel_names_a_section_of_operations() throws Exception {
        var headings = HEADING.matcher(RepositoryFiles.text("docs/operations.md"))
                .results()
                .map(heading -> anchor(Objects.requireNonNull(heading.group(1))))
                .collect(Collectors.toSet());
        var alerts = RepositoryFiles.text(FOLDER + "alerts.yml");
        assertEquals(count(ALERT, alerts), count(SECTION, alerts), "alerts without a runbook");
        var named = new TreeSet<String>();
        for (var file : List.of(alerts, dashboard().toString())) {
            SECTION.matcher(file).results().forEach(section -> named.add(Objects.requireNonNull(section.group(1))));
        }
        assertFalse(named.isEmpty());
        named.removeAll(headings);
        assertEquals(Set.of(), named, "not in docs/operations.md");
        for (var panel : panels()) {
            assertTrue(
                    SECTION.matcher(panel.path("description").asText()).matches(),
                    panel.path("title").asText());
        }
    }

    @Test
    void every_alert_is_tried() {
        var tried = names(RepositoryFiles.text(FOLDER + "alerts_test.yml"));
        assertEquals(names(RepositoryFiles.text(FOLDER + "alerts.yml")), tried);
    }

    @Test
    void prometheus_takes_its_files_and_the_alerts_fire_when_they_should() throws Exception {
        var promtool = Programs.required("promtool", "prometheus").toString();
        var folder = RepositoryFiles.path(FOLDER).toFile();
        for (var check : List.of(
                List.of("check", "config", "prometheus.yml"),
                List.of("check", "rules", "alerts.yml"),
                List.of("test", "rules", "alerts_test.yml"))) {
            var command = new ArrayList<>(List.of(promtool));
            command.addAll(check);
            var said = Programs.run(new ProcessBuilder(command).directory(folder));
            assertTrue(said.contains("SUCCESS"), said);
        }
    }

    private static List<String> expressions() throws IOException {
        var all = new ArrayList<String>();
        // Of the alerts what is said before the labels and annotations, in which a word may look like a meter.
        for (var alert : RepositoryFiles.text(FOLDER + "alerts.yml").split("- alert:", -1)) {
            all.add(alert.split("labels:", 2)[0]);
        }
        assertTrue(all.size() > 10, "no alert was found");
        for (var panel : panels()) {
            for (var target : panel.path("targets")) all.add(target.path("expr").asText());
        }
        // By which Kubernetes decides how many there should be.
        var scalers = RepositoryFiles.text("infra/k8s/stream-service.yaml");
        SCALED_BY.matcher(scalers).results().forEach(metric -> all.add(Objects.requireNonNull(metric.group(1))));
        return all;
    }

    private static List<JsonNode> panels() throws IOException {
        var panels = new ArrayList<JsonNode>();
        for (var panel : dashboard().path("panels")) {
            if (!panel.path("type").asText().equals("row")) panels.add(panel);
        }
        return panels;
    }

    private static JsonNode dashboard() throws IOException {
        return Json.MAPPER.readTree(RepositoryFiles.text(FOLDER + "grafana/dashboards/parley.json"));
    }

    private static Set<String> names(String file) {
        return ALERT.matcher(file)
                .results()
                .map(alert -> Objects.requireNonNull(alert.group(1)))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static long count(Pattern pattern, String text) {
        return pattern.matcher(text).results().count();
    }

    /** As pages of Markdown are usually shown: lower case, blanks to hyphens, nothing else but letters and digits. */
    private static String anchor(String heading) {
        return heading.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9 -]", "").replace(' ', '-');
    }
}
