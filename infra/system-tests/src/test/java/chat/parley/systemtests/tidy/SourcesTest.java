package chat.parley.systemtests.tidy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LineMap;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import javax.lang.model.element.Modifier;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** Budgets and banned calls of the Java sources. */
class SourcesTest {
    private static final int FILE_LINES_MAX = 500;
    private static final int METHOD_LINES_MAX = 70;
    private static final int PARAMETERS_MAX = 8;

    /** Where time may be asked of the system: wiring, and the processes that are not services. */
    private static final Pattern CLOCK_CALL =
            Pattern.compile("Instant\\.now\\(\\)|System\\.currentTimeMillis\\(\\)|LocalDateTime\\.now\\(");

    private static final Set<String> NAMES_THAT_SAY_NOTHING = Set.of("Manager", "Util", "Utils", "Helper", "Impl");

    @Test
    void no_source_file_exceeds_its_budget() {
        var files = Tree.files(".java").filter(file -> Tree.lines(file).size() > FILE_LINES_MAX);
        assertEquals(List.of(), files.map(Tree::name).toList(), "split each of these by what it owns");
        for (String ending : List.of(".js", ".lua", ".css", ".sql")) {
            var others = Tree.files(ending).filter(file -> Tree.lines(file).size() > FILE_LINES_MAX);
            assertEquals(List.of(), others.map(Tree::name).toList(), "split each of these by what it owns");
        }
    }

    @Test
    void methods_are_short_and_take_few_parameters_and_public_types_are_documented() throws IOException {
        assertEquals(List.of(), complaints(Tree.files(".java").toList()));
    }

    @Test
    void the_checks_of_methods_and_types_can_fail() throws IOException {
        Path planted = Path.of(Objects.requireNonNull(SourcesTest.class.getResource("/tidy/Planted.txt"))
                .getPath());
        var complaints = complaints(List.of(planted));
        assertEquals(3, complaints.size(), complaints::toString);
    }

    @Test
    void tests_never_sleep() {
        assertEquals(List.of(), javaLines(Tree::isTest, Pattern.compile("Thread\\s*\\.\\s*sleep\\s*\\((?!\\\\)")));
    }

    @Test
    void no_test_is_switched_off_and_nothing_is_left_to_do() {
        var leftovers = Pattern.compile("@Disabled\\b(?!\\\\)|\\bTO" + "DO\\b|\\bFIX" + "ME\\b");
        assertEquals(List.of(), javaLines(file -> true, leftovers));
    }

    @Test
    void production_code_takes_its_clock_by_the_constructor() {
        assertEquals(
                List.of(),
                javaLines(file -> !Tree.isTest(file) && !Tree.name(file).startsWith("infra/"), CLOCK_CALL));
    }

    @Test
    void every_package_says_what_it_is() {
        var missing = Tree.files(".java")
                .map(Path::getParent)
                .distinct()
                .filter(folder -> !folder.resolve("package-info.java").toFile().exists())
                .map(Tree::name)
                .toList();
        assertEquals(List.of(), missing);
    }

    @Test
    void no_name_says_nothing() {
        var vague = Tree.files(".java")
                .filter(file -> NAMES_THAT_SAY_NOTHING.stream()
                        .anyMatch(word -> file.toString().endsWith(word + ".java")))
                .map(Tree::name)
                .toList();
        assertEquals(List.of(), vague);
    }

    private static List<String> javaLines(Predicate<Path> which, Pattern banned) {
        var found = new ArrayList<String>();
        Tree.files(".java")
                .filter(which)
                .filter(file -> !file.endsWith("SourcesTest.java"))
                .forEach(file -> {
                    int number = 0;
                    for (String line : Tree.lines(file)) {
                        number++;
                        if (banned.matcher(line).find()) {
                            found.add(Tree.name(file) + ":" + number);
                        }
                    }
                });
        return found;
    }

    private static List<String> complaints(List<Path> files) throws IOException {
        var compiler = Objects.requireNonNull(ToolProvider.getSystemJavaCompiler(), "the tests need a JDK");
        var found = new ArrayList<String>();
        try (var sources = compiler.getStandardFileManager(null, null, null)) {
            var units = files.stream().map(PlainSource::new).toList();
            var task = (JavacTask) compiler.getTask(null, sources, problem -> {}, null, null, units);
            var docs = DocTrees.instance(task);
            for (CompilationUnitTree unit : task.parse()) {
                new Scan(unit, docs, found).scan(unit, null);
            }
        }
        return found;
    }

    private static final class Scan extends TreePathScanner<Void, Void> {
        private final CompilationUnitTree unit;
        private final DocTrees docs;
        private final List<String> found;
        private final LineMap lines;
        private final boolean test;

        Scan(CompilationUnitTree unit, DocTrees docs, List<String> found) {
            this.unit = unit;
            this.docs = docs;
            this.found = found;
            this.lines = unit.getLineMap();
            this.test = unit.getSourceFile().getName().contains("/src/test/");
        }

        @Override
        public Void visitMethod(MethodTree method, Void nothing) {
            var positions = docs.getSourcePositions();
            long from = lines.getLineNumber(positions.getStartPosition(unit, method));
            long to = lines.getLineNumber(positions.getEndPosition(unit, method));
            if (to - from + 1 > METHOD_LINES_MAX) {
                found.add(at(from) + " method " + method.getName() + " has " + (to - from + 1) + " lines");
            }
            if (method.getParameters().size() > PARAMETERS_MAX) {
                found.add(at(from) + " method " + method.getName() + " takes "
                        + method.getParameters().size() + " parameters");
            }
            return super.visitMethod(method, null);
        }

        @Override
        public Void visitClass(ClassTree type, Void nothing) {
            boolean open = type.getModifiers().getFlags().contains(Modifier.PUBLIC);
            if (open && !test && docs.getDocComment(getCurrentPath()) == null) {
                long from = lines.getLineNumber(docs.getSourcePositions().getStartPosition(unit, type));
                found.add(at(from) + " public type " + type.getSimpleName() + " is not documented");
            }
            return super.visitClass(type, null);
        }

        private String at(long line) {
            return unit.getSourceFile().getName() + ":" + line;
        }
    }
}
