package chat.parley.systemtests.deployment;

import chat.parley.json.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** YAML of this repository as JSON: anchors and merges are resolved, and a key that stands twice is refused. */
final class YamlFiles {
    private YamlFiles() {}

    /** The only document of a file. */
    static JsonNode one(String file) {
        var all = all(file);
        if (all.size() != 1) throw new AssertionError(file + " holds " + all.size() + " documents");
        return all.getFirst();
    }

    /** Every document of a file. */
    static List<JsonNode> all(String file) {
        return documents(RepositoryFiles.text(file));
    }

    /** The first document of a text. */
    static JsonNode parse(String text) {
        return documents(text).getFirst();
    }

    private static List<JsonNode> documents(String text) {
        var options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        options.setMaxAliasesForCollections(200);
        var documents = new ArrayList<JsonNode>();
        for (Object document : new Yaml(new SafeConstructor(options)).loadAll(text)) {
            documents.add(Json.MAPPER.valueToTree(document));
        }
        return documents;
    }

    /** The texts of a list; empty where there is none. */
    static List<String> texts(JsonNode list) {
        var texts = new ArrayList<String>();
        for (var item : list) texts.add(item.asText());
        return texts;
    }
}
