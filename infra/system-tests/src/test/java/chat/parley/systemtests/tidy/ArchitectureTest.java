package chat.parley.systemtests.tidy;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import chat.parley.media.BlobStore;
import chat.parley.message.MessageStore;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The shape that docs/architecture.md draws. */
class ArchitectureTest {
    private static final JavaClasses CODE = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("test-classes") && !location.contains("-tests.jar"))
            .importPackages("chat.parley");

    @Test
    void no_package_takes_part_in_a_cycle() {
        slices().matching("chat.parley.(**)").should().beFreeOfCycles().check(CODE);
    }

    @Test
    void the_three_processes_do_not_know_each_other() {
        slices().matching("chat.parley.(sendapi|stream|notifier)..")
                .should()
                .notDependOnEachOther()
                .check(CODE);
    }

    @Test
    void shared_knows_no_process_and_no_infrastructure() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "..sendapi..",
                        "..stream..",
                        "..notifier..",
                        "..standalone..",
                        "..embedded..",
                        "..systemtests..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "chat.parley.sendapi..",
                        "chat.parley.stream..",
                        "chat.parley.notifier..",
                        "chat.parley.standalone..",
                        "chat.parley.embedded..")
                .check(CODE);
    }

    @Test
    void only_the_redis_package_and_what_keeps_its_state_there_speak_to_jedis() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "..redis..", "..event..", "..push..", "..presence..", "..stream..", "..testkit..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("redis.clients..")
                .check(CODE);
    }

    @Test
    void the_message_port_has_adapters_of_its_package_only() {
        classes()
                .that()
                .implement(MessageStore.class)
                .should()
                .resideInAPackage("chat.parley.message")
                .check(CODE);
    }

    @Test
    void the_blob_port_has_adapters_of_its_package_only_and_nobody_else_speaks_to_the_sdk() {
        classes()
                .that()
                .implement(BlobStore.class)
                .should()
                .resideInAPackage("chat.parley.media")
                .check(CODE);
        noClasses()
                .that()
                .resideOutsideOfPackage("chat.parley.media")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("software.amazon..")
                .check(CODE);
    }
}
