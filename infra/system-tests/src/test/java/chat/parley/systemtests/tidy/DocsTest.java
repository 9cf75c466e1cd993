package chat.parley.systemtests.tidy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import chat.parley.problem.Fault;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the pages say is checked against the code where a test can tell. */
class DocsTest {
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)(#[^)]*)?\\)");
    private static final Pattern SETTING = Pattern.compile("\"(PARLEY_[A-Z_]+)\"");

    @Test
    void no_link_between_pages_is_dead() {
        var dead = new ArrayList<String>();
        Tree.files(".md").forEach(page -> {
            var links = LINK.matcher(Tree.text(page));
            while (links.find()) {
                String target = Objects.requireNonNull(links.group(1));
                Path folder = Objects.requireNonNull(page.getParent());
                if (!target.contains("://") && Files.notExists(folder.resolve(target))) {
                    dead.add(Tree.name(page) + " -> " + target);
                }
            }
        });
        assertEquals(List.of(), dead);
    }

    @Test
    void every_setting_of_the_services_is_named_in_operations() {
        String operations = Tree.text(Tree.root().resolve("docs/operations.md"));
        var settings = new TreeSet<String>();
        Tree.files(".java")
                .filter(file -> !Tree.isTest(file) && !Tree.name(file).startsWith("infra/"))
                .forEach(file -> {
                    var names = SETTING.matcher(Tree.text(file));
                    while (names.find()) {
                        settings.add(Objects.requireNonNull(names.group(1)));
                    }
                });
        settings.removeIf(name -> name.endsWith("_")); // the prefix itself
        assertFalse(settings.isEmpty(), "no setting was found, so nothing would be checked");
        settings.removeIf(name -> operations.contains("`" + name + "`"));
        assertEquals(new TreeSet<>(), settings, "not in docs/operations.md");
    }

    @Test
    void every_error_code_is_in_the_protocol() {
        String protocol = Tree.text(Tree.root().resolve("docs/protocol.md"));
        var missing = Arrays.stream(Fault.values())
                .map(Fault::code)
                .filter(code -> !protocol.contains("`" + code + "`"))
                .toList();
        assertEquals(List.of(), missing, "not in docs/protocol.md");
    }

    @Test
    void the_readme_names_both_commands() {
        var lines = Tree.lines(Tree.root().resolve("README.md"));
        assertEquals(List.of(true, true), List.of(lines.contains("./parley"), lines.contains("mvn verify")));
    }
}
