package chat.parley.systemtests.deployment;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What a migration may not say while the version before serves, as CONTRIBUTING.md explains. It knows the statements by their words, not by their
 * meaning; tables that the same migration creates are nobody's yet, so of those anything may be said.
 */
final class MigrationRules {
    private static final Pattern COMMENT = Pattern.compile("--[^\n]*");
    private static final Pattern BODY = Pattern.compile("\\$(\\w*)\\$.*?\\$\\1\\$", Pattern.DOTALL);
    private static final Pattern CREATED = Pattern.compile("create (?:unlogged )?table (?:if not exists )?(\\w+)");

    /** A statement that names its table first, with what is wrong about it. */
    private static final Map<Pattern, String> OF_A_TABLE = Map.ofEntries(
            rule(
                    "create (?:unique )?index (?!concurrently)(?:if not exists )?\\w+ on (\\w+)",
                    "keeps writers out: CONCURRENTLY, in a migration of its own"),
            rule("alter table (?:only )?(\\w+).* drop column", "the version before still reads that column"),
            rule("alter table (?:only )?(\\w+).* rename", "the version before still uses the old name"),
            rule("alter table (?:only )?(\\w+).* alter column \\w+ (?:set data )?type", "rewrites the table"),
            rule(
                    "alter table (?:only )?(\\w+).* set not null",
                    "looks at every row, and the version before may write null"),
            rule(
                    "alter table (?:only )?(\\w+).* add (?:constraint \\w+ )?(?:check|foreign key)(?!.*not valid)",
                    "looks at every row: NOT VALID, and validate later"),
            rule(
                    "alter table (?:only )?(\\w+).* add (?:constraint \\w+ )?(?:unique|primary key)",
                    "keeps everybody out while it builds an index"),
            rule(
                    "alter table (?:only )?(\\w+).* add column \\w+ [^,]*not null(?![^,]*default)(?<!default [^,]{1,40} not null)",
                    "the version before does not fill it: a default"),
            rule(
                    "alter table (?:only )?(\\w+).* add column [^,]*default (?:now|random|gen_random_uuid|clock_timestamp|nextval)",
                    "rewrites the table"),
            rule("drop table (?:if exists )?(\\w+)", "the version before still uses it"),
            rule("truncate (?:table )?(\\w+)", "takes away what the version before stored"),
            rule("lock (?:table )?(\\w+)", "keeps everybody out"),
            rule("(?:cluster|vacuum full|reindex table) (\\w+)", "keeps everybody out"),
            rule(
                    "update (\\w+) (?:\\w+ )?set",
                    "rows of a whole table, and locks on all of them: in steps, by the services"),
            rule("delete from (\\w+)", "rows of a whole table: in steps, by the services"));

    private static final Map<Pattern, String> OF_ANYTHING = Map.ofEntries(
            rule("^drop function ", "the version before still calls it"),
            rule("^drop type ", "the version before still uses it"),
            rule("^drop trigger ", "the version before may rely on it"));

    /** What keeps some others from a table until the migration has ended. The new table of a reference locks the old one too. */
    private static final List<Pattern> LOCKS = List.of(
            Pattern.compile("alter table (?:only )?(?:if exists )?(\\w+)"),
            Pattern.compile("create (?:or replace )?(?:constraint )?trigger .*? on (\\w+)"),
            Pattern.compile("create table .*?references (\\w+)"));

    private MigrationRules() {}

    private static Map.Entry<Pattern, String> rule(String pattern, String why) {
        return Map.entry(Pattern.compile(pattern), why);
    }

    /** Each statement that breaks a rule, with the reason. */
    static List<String> broken(String migration) {
        // What a function does is not done by the migration.
        var plain = BODY.matcher(COMMENT.matcher(migration).replaceAll("")).replaceAll("''");
        var statements = new ArrayList<String>();
        for (var statement : plain.split(";", -1)) {
            var words = statement.strip().replaceAll("\\s+", " ").toLowerCase(Locale.ROOT);
            if (!words.isEmpty()) statements.add(words);
        }
        var created = created(statements);
        var broken = new ArrayList<String>();
        for (var statement : statements) {
            OF_ANYTHING.forEach((rule, why) -> {
                if (rule.matcher(statement).find()) broken.add(statement + ": " + why);
            });
            OF_A_TABLE.forEach((rule, why) -> {
                var found = rule.matcher(statement);
                if (found.lookingAt() && !created.contains(found.group(1))) broken.add(statement + ": " + why);
            });
        }
        var locked = locked(statements);
        locked.removeAll(created);
        if (locked.size() > 1) {
            broken.add(
                    locked
                            + ": who locked one of these may wait for another, and a circle is an error for somebody: a migration each");
        }
        return broken;
    }

    private static Set<String> locked(List<String> statements) {
        var names = new TreeSet<String>();
        for (var statement : statements) {
            for (var lock : LOCKS) {
                var found = lock.matcher(statement);
                if (found.lookingAt()) names.add(found.group(1));
            }
        }
        return names;
    }

    private static Set<String> created(List<String> statements) {
        var names = new HashSet<String>();
        for (var statement : statements) {
            var found = CREATED.matcher(statement);
            if (found.lookingAt()) names.add(found.group(1));
        }
        return names;
    }
}
