package chat.parley.systemtests.deployment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.PodMonitor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The manifests are what Kubernetes understands, without a field that it does not know, and fit the services. */
class KubernetesTest {
    private static final String FOLDER = "infra/k8s/";
    private static final String KUSTOMIZATION = "kustomization.yaml";
    private static final long USER_OF_THE_IMAGE = 10_001;

    /** After the drain connections are closed and stores are left. */
    private static final int ROOM_TO_CLOSE_SECONDS = 15;

    private static final Map<String, Class<? extends HasMetadata>> KINDS = Map.of(
            "ConfigMap", ConfigMap.class,
            "Deployment", Deployment.class,
            "HTTPRoute", HTTPRoute.class,
            "HorizontalPodAutoscaler", HorizontalPodAutoscaler.class,
            "NetworkPolicy", NetworkPolicy.class,
            "PodDisruptionBudget", PodDisruptionBudget.class,
            "PodMonitor", PodMonitor.class,
            "Service", Service.class);

    /** The types keep unknown fields aside instead of refusing them; this mapper does not know of that. */
    private static final ObjectMapper STRICT = new ObjectMapper()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .setAnnotationIntrospector(new JacksonAnnotationIntrospector() {
                @Override
                public Boolean hasAnySetter(Annotated annotated) {
                    return Boolean.FALSE;
                }
            });

    @TempDir
    Path folder = Path.of("");

    @Test
    void every_manifest_is_understood_and_listed() throws Exception {
        var listed = new TreeSet<>(
                YamlFiles.texts(YamlFiles.one(FOLDER + KUSTOMIZATION).path("resources")));
        var there = RepositoryFiles.below(FOLDER, ".yaml").stream()
                .map(file -> String.valueOf(file.getFileName()))
                .collect(Collectors.toCollection(TreeSet::new));
        there.remove(KUSTOMIZATION);
        assertEquals(there, listed);
        assertTrue(objects(HasMetadata.class).size() >= 10);
    }

    @Test
    void an_unknown_field_would_be_noticed() {
        var deployment = (ObjectNode) YamlFiles.all(FOLDER + "send-api.yaml").getFirst();
        deployment.withObject("/spec/template/spec").put("terminationGracePeriod", 5);
        assertThrows(Exception.class, () -> STRICT.treeToValue(deployment, Deployment.class));
    }

    @Test
    void each_process_takes_its_settings_and_is_asked_where_it_answers() throws Exception {
        var deployments = objects(Deployment.class);
        assertEquals(3, deployments.size());
        for (var deployment : deployments) {
            var pod = deployment.getSpec().getTemplate().getSpec();
            var container = pod.getContainers().getFirst();
            var service = new DeployedService(
                    deployment.getMetadata().getName(), container.getArgs(), environment(container));
            service.requireTaken(folder);
            var ports = container.getPorts().stream()
                    .collect(Collectors.toMap(ContainerPort::getName, ContainerPort::getContainerPort));
            assertEquals(service.metricsPort(), ports.get("metrics"), service.name());
            for (var probe :
                    List.of(container.getStartupProbe(), container.getReadinessProbe(), container.getLivenessProbe())) {
                assertAnswered(probe, ports, service);
            }
            long preStop = container.getLifecycle() == null
                    ? 0
                    : container.getLifecycle().getPreStop().getSleep().getSeconds();
            assertTrue(
                    pod.getTerminationGracePeriodSeconds() >= preStop + service.drainSeconds() + ROOM_TO_CLOSE_SECONDS,
                    () -> service.name() + " is killed before it has left");
        }
    }

    private static void assertAnswered(Probe probe, Map<String, Integer> ports, DeployedService service) {
        var asked = probe.getHttpGet();
        assertTrue(Set.of("/livez", "/readyz").contains(asked.getPath()), service.name() + ": " + asked.getPath());
        assertEquals(service.healthPort(), ports.get(asked.getPort().getStrVal()), service.name());
    }

    private static Map<String, String> environment(Container container) throws Exception {
        var environment = new HashMap<String, String>();
        for (var source : container.getEnvFrom()) {
            var name = source.getConfigMapRef().getName();
            environment.putAll(named(ConfigMap.class, name).getData());
        }
        if (container.getEnv() != null) container.getEnv().forEach(v -> environment.put(v.getName(), v.getValue()));
        return environment;
    }

    @Test
    void each_process_is_confined_bounded_and_spread() throws Exception {
        for (var deployment : objects(Deployment.class)) {
            var name = deployment.getMetadata().getName();
            PodSpec pod = deployment.getSpec().getTemplate().getSpec();
            assertEquals(true, pod.getSecurityContext().getRunAsNonRoot(), name);
            assertEquals(USER_OF_THE_IMAGE, pod.getSecurityContext().getRunAsUser(), name);
            assertEquals(
                    "RuntimeDefault",
                    pod.getSecurityContext().getSeccompProfile().getType(),
                    name);
            assertEquals(false, pod.getAutomountServiceAccountToken(), name);
            assertEquals(false, pod.getEnableServiceLinks(), name + ": PARLEY_…_SERVICE_HOST stops the start");
            assertEquals(2, pod.getTopologySpreadConstraints().size(), name);
            for (var container : pod.getContainers()) {
                var confined = container.getSecurityContext();
                assertEquals(true, confined.getReadOnlyRootFilesystem(), name);
                assertEquals(false, confined.getAllowPrivilegeEscalation(), name);
                assertEquals(List.of("ALL"), confined.getCapabilities().getDrop(), name);
                assertNotNull(container.getResources().getLimits().get("memory"), name);
                assertNotNull(container.getResources().getRequests().get("cpu"), name);
            }
            var budget = named(PodDisruptionBudget.class, name);
            assertEquals(deployment.getSpec().getSelector(), budget.getSpec().getSelector(), name);
        }
    }

    @Test
    void services_routes_and_policies_lead_to_ports_that_there_are() throws Exception {
        var open = new TreeSet<Integer>();
        for (var policy : objects(NetworkPolicy.class)) {
            policy.getSpec()
                    .getIngress()
                    .forEach(rule -> rule.getPorts()
                            .forEach(port -> open.add(port.getPort().getIntVal())));
        }
        var used = new TreeSet<Integer>();
        for (var deployment : objects(Deployment.class)) {
            deployment
                    .getSpec()
                    .getTemplate()
                    .getSpec()
                    .getContainers()
                    .forEach(container -> container.getPorts().forEach(port -> used.add(port.getContainerPort())));
        }
        assertEquals(used, open);
        for (var service : objects(Service.class)) {
            var deployment = named(Deployment.class, service.getMetadata().getName());
            assertEquals(
                    deployment.getSpec().getSelector().getMatchLabels(),
                    service.getSpec().getSelector());
            var names = deployment.getSpec().getTemplate().getSpec().getContainers().getFirst().getPorts().stream()
                    .map(ContainerPort::getName)
                    .toList();
            assertTrue(names.contains(
                    service.getSpec().getPorts().getFirst().getTargetPort().getStrVal()));
        }
        for (var rule : objects(HTTPRoute.class).getFirst().getSpec().getRules()) {
            for (var backend : rule.getBackendRefs()) {
                var service = named(Service.class, backend.getName());
                assertEquals(
                        backend.getPort(),
                        service.getSpec().getPorts().getFirst().getPort());
            }
        }
    }

    @Test
    void one_pod_may_always_go_and_what_an_autoscaler_says_is_said_by_nobody_else() throws Exception {
        var scalers = objects(HorizontalPodAutoscaler.class).stream()
                .collect(Collectors.toMap(
                        scaler -> scaler.getSpec().getScaleTargetRef().getName(), HorizontalPodAutoscaler::getSpec));
        for (var deployment : objects(Deployment.class)) {
            var name = deployment.getMetadata().getName();
            var scaler = scalers.remove(name);
            Integer replicas = deployment.getSpec().getReplicas();
            int least = scaler == null ? replicas : scaler.getMinReplicas();
            assertTrue(scaler == null || replicas == null, () -> name + ": an apply would undo what the scaler did");
            var budget = named(PodDisruptionBudget.class, name).getSpec();
            assertTrue(budget.getMaxUnavailable().getIntVal() < least, () -> name + " may be drained to nothing");
        }
        assertEquals(Map.of(), scalers, "scalers of what is not there");
    }

    @Test
    void stream_nodes_are_added_while_those_there_have_room_for_the_streams_of_a_lost_one() throws Exception {
        var streams = named(HorizontalPodAutoscaler.class, "stream-service").getSpec();
        long wanted = streams.getMetrics().stream()
                .filter(metric -> metric.getPods() != null)
                .map(metric -> Long.parseLong(
                        metric.getPods().getTarget().getAverageValue().getAmount()))
                .findFirst()
                .orElseThrow();
        var pod = named(Deployment.class, "stream-service")
                .getSpec()
                .getTemplate()
                .getSpec();
        var most = Long.parseLong(environment(pod.getContainers().getFirst()).get("PARLEY_STREAM_CONNECTIONS"));
        int nodes = streams.getMinReplicas();
        assertTrue(wanted * nodes <= most * (nodes - 1), () -> wanted + " of " + most + ", " + nodes + " nodes");
    }

    @Test
    void what_operators_ask_is_answered_to_nobody_outside() throws Exception {
        var hidden = objects(HTTPRoute.class).getFirst().getSpec().getRules().stream()
                .filter(rule -> rule.getFilters() != null && !rule.getFilters().isEmpty())
                .flatMap(rule -> rule.getMatches().stream())
                .map(match -> match.getPath().getType() + " " + match.getPath().getValue())
                .collect(Collectors.toSet());
        assertEquals(Set.of("Exact /livez", "Exact /readyz", "Exact /metrics"), hidden);
    }

    /** Where the program is: it resolves what the files say together. */
    @Test
    void kustomize_builds_it() throws Exception {
        var kubectl = Programs.find("kubectl");
        assumeTrue(kubectl.isPresent(), "Debian has no kubectl; what it would say of single files is tested above");
        var built = Programs.run(new ProcessBuilder(
                kubectl.orElseThrow().toString(),
                "kustomize",
                RepositoryFiles.path(FOLDER).toString()));
        assertTrue(built.contains("image: registry.example/parley:0.1.0"), built);
    }

    private static <T extends HasMetadata> T named(Class<T> type, String name) throws Exception {
        return objects(type).stream()
                .filter(object -> object.getMetadata().getName().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + type.getSimpleName() + " " + name));
    }

    private static <T extends HasMetadata> List<T> objects(Class<T> type) throws Exception {
        var found = new ArrayList<T>();
        for (var file : RepositoryFiles.below(FOLDER, ".yaml")) {
            if (file.endsWith(KUSTOMIZATION)) continue;
            for (JsonNode document : YamlFiles.all(FOLDER + file.getFileName())) {
                var kind = KINDS.get(document.path("kind").asText());
                if (kind == null) throw new AssertionError(file + " holds a " + document.path("kind"));
                var object = STRICT.treeToValue(document, kind);
                assertEquals(
                        HasMetadata.getApiVersion(kind),
                        document.path("apiVersion").asText(),
                        file::toString);
                if (type.isInstance(object)) found.add(type.cast(object));
            }
        }
        return found;
    }
}
