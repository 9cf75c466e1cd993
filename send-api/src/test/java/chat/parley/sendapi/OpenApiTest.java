package chat.parley.sendapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.json.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The description is written by hand, so it is compared with the one table of URLs. */
class OpenApiTest {
    private static final Pattern ROUTE =
            Pattern.compile("routes\\.(get|post|put|patch|delete)\\(\\s*\"([^\"]+)\",\\s*\\S+,\\s*(ANYONE|PERSON)\\)");

    /** Of another process. */
    private static final String STREAM = "get /v1/stream PERSON";

    @Test
    void every_route_is_described_and_nothing_else() throws Exception {
        var routes = new TreeSet<String>();
        routes.add(STREAM);
        var source = ROUTE.matcher(Files.readString(Path.of("src/main/java/chat/parley/sendapi/Routes.java")));
        while (source.find()) {
            routes.add(source.group(1) + " " + source.group(2) + " " + source.group(3));
        }
        var described = new TreeSet<String>();
        for (var path : description().at("/paths").properties()) {
            for (var operation : path.getValue().properties()) {
                String access = operation.getValue().path("security").isArray() ? "ANYONE" : "PERSON";
                described.add(operation.getKey() + " " + path.getKey() + " " + access);
            }
        }
        assertEquals(String.join("\n", routes), String.join("\n", described));
    }

    @Test
    void every_part_is_used_and_every_reference_leads_somewhere() throws Exception {
        var description = description();
        var used = new HashSet<String>();
        references(description, used);
        for (String reference : used) {
            assertTrue(!description.at(reference.substring(1)).isMissingNode(), reference);
        }
        for (String kind : Set.of("schemas", "parameters", "responses")) {
            description
                    .at("/components/" + kind)
                    .fieldNames()
                    .forEachRemaining(
                            name -> assertTrue(used.contains("#/components/" + kind + "/" + name), kind + " " + name));
        }
    }

    @Test
    void every_parameter_in_a_path_is_declared() throws Exception {
        var description = description();
        var names = Pattern.compile("\\{([a-z]+)}");
        for (var path : description.at("/paths").properties()) {
            var inPath = names.matcher(path.getKey())
                    .results()
                    .map(match -> match.group(1))
                    .sorted()
                    .toList();
            for (var operation : path.getValue().properties()) {
                var declared = new TreeSet<String>();
                for (var parameter : operation.getValue().path("parameters")) {
                    var target =
                            description.at(parameter.path("$ref").textValue().substring(1));
                    if (target.path("in").textValue().equals("path")) {
                        declared.add(target.path("name").textValue());
                    }
                }
                assertEquals(new TreeSet<>(inPath), declared, path.getKey());
            }
        }
    }

    private static JsonNode description() throws IOException {
        return Json.MAPPER.readTree(Files.readAllBytes(Path.of("src/main/resources/openapi.json")));
    }

    private static void references(JsonNode node, Set<String> found) {
        if (node.path("$ref").isTextual()) {
            found.add(node.path("$ref").textValue());
        }
        node.forEach(child -> references(child, found));
    }
}
