package chat.parley.systemtests.tidy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.problem.Fault;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the pages say is checked against the code where a test can tell. */
class DocsTest {
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)(#[^)]*)?\\)");
    private static final Pattern TO_SECTION = Pattern.compile("\\]\\(((?:[^)#:\\s]+\\.md)?)#([^)]+)\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#{2,4} (.+)$");
    private static final Pattern NOT_IN_ANCHORS = Pattern.compile("[^\\p{L}\\p{N}_ -]");

    /** A row of the sizing: what, rate, cost, cores. */
    private static final Pattern SIZED =
            Pattern.compile("(?m)^\\| [^|]+ \\| ([\\d,]+) \\| ([\\d,]+) \\| ([\\d.,]+) \\|");

    private static final Pattern SETTING = Pattern.compile("\"(PARLEY_[A-Z_]+)\"");

    private static final double SHARE_OF_A_CORE_IN_USE = 0.5;

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
    void no_link_to_a_section_is_dead() {
        var dead = new ArrayList<String>();
        Tree.files(".md").forEach(page -> {
            var links = TO_SECTION.matcher(Tree.text(page));
            while (links.find()) {
                Path folder = Objects.requireNonNull(page.getParent());
                String file = Objects.requireNonNull(links.group(1));
                var target = file.isEmpty() ? page : folder.resolve(file);
                var sections = HEADING.matcher(Tree.text(target))
                        .results()
                        .map(heading -> anchor(Objects.requireNonNull(heading.group(1))));
                if (sections.noneMatch(Objects.requireNonNull(links.group(2))::equals)) {
                    dead.add(Tree.name(page) + " -> " + links.group());
                }
            }
        });
        assertEquals(List.of(), dead);
    }

    /** As pages of Markdown are usually shown. */
    private static String anchor(String heading) {
        return NOT_IN_ANCHORS
                .matcher(heading.toLowerCase(Locale.ROOT))
                .replaceAll("")
                .replace(' ', '-');
    }

    @Test
    void the_sizing_can_be_recomputed() {
        var rows = SIZED.matcher(Tree.text(Tree.root().resolve("docs/operations.md")));
        int checked = 0;
        while (rows.find()) {
            double cores = number(rows.group(1)) * number(rows.group(2)) / 1e6 / SHARE_OF_A_CORE_IN_USE;
            assertEquals(cores, number(rows.group(3)), 0.051, rows.group());
            checked++;
        }
        assertTrue(checked > 10, "the table is not read");
    }

    private static double number(@Nullable String digits) {
        return Double.parseDouble(Objects.requireNonNull(digits).replace(",", ""));
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
