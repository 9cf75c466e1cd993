package chat.parley.account;

import static chat.parley.account.TestAccounts.accepted;
import static chat.parley.account.TestAccounts.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.ops.StoreUnavailable;
import chat.parley.testkit.RealPostgres;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Date;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class ErasuresTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private static final String ISSUER = "https://id.example";

    /** Two polls of a process: a second of the time within which everybody knows. */
    private static final Duration EVERYBODY_KNOWS = Duration.ofMillis(4_500);

    private static RSAKey key;

    @TempDir
    Path folder;

    @BeforeAll
    static void makeKey() throws Exception {
        key = new RSAKeyGenerator(2048).keyID("rsa").generate();
    }

    @Test
    void nothing_opens_the_account_any_more_here_or_on_another_node() {
        try (var node = TestAccounts.over(POSTGRES)) {
            var other = node.otherNode();
            var user = node.somebody();
            var session = node.accounts.sessions().open(user.id(), "Browser", true);
            String token = node.tokenOf(session);
            String cookie = SessionCookie.PLAIN.cookieName() + "="
                    + Objects.requireNonNull(session.cookie()).reveal();
            String ticket =
                    node.accounts.tickets().make(accepted(node.bearer(token))).reveal();
            accepted(node.cookie(cookie));
            accepted(other.cookie(cookie));
            accepted(other.bearer(token));
            accepted(other.ticket(ticket));

            assertEquals(
                    Optional.of(List.of(session.id())), node.accounts.erasures().begin(user.id()));
            assertRefused(node.bearer(token));
            assertRefused(node.cookie(cookie));
            assertRefused(node.ticket(ticket));
            other.advance(EVERYBODY_KNOWS);
            assertRefused(other.bearer(token));
            assertRefused(other.cookie(cookie));
            assertRefused(other.ticket(ticket));
            assertInstanceOf(
                    Refresh.Unknown.class,
                    other.accounts.sessions().refresh(session.refreshToken().reveal()));
            assertEquals(Set.of(session.id()), other.accounts.sessions().endedAmong(Set.of(session.id())));
            other.accounts.close();
        }
    }

    @Test
    void the_name_is_free_and_the_person_is_nobody() {
        try (var node = TestAccounts.over(POSTGRES)) {
            var users = node.accounts.users();
            var user = node.named("taken-name", "Taken");
            node.accounts.erasures().begin(user.id());
            assertEquals(Optional.empty(), users.find(user.id()));
            assertEquals(Optional.empty(), users.login(user.id()));
            assertEquals(Optional.empty(), users.login(user.username()));
            assertEquals(Optional.empty(), users.rename(user.id(), new DisplayName("Again")));
            assertEquals(Set.of(), users.existing(Set.of(user.id())));
            assertTrue(users.search("taken", UserSearchCursor.START, 10).users().isEmpty());
            assertNotEquals(user.id(), node.named("taken-name", "Taken").id());
        }
    }

    @Test
    void an_erasure_begins_once_and_is_listed_until_it_is_finished() {
        try (var node = TestAccounts.over(POSTGRES)) {
            var erasures = node.accounts.erasures();
            node.postgres.<Integer, RuntimeException>with(db -> db.execute("TRUNCATE erasure"));
            var user = node.somebody().id();
            var second = node.somebody().id();
            erasures.begin(user);
            assertEquals(Optional.empty(), erasures.begin(user));
            erasures.begin(second);
            assertEquals(2, erasures.backlog().people());
            assertEquals(1, erasures.open(user, 10).size());
            erasures.finish(user);
            erasures.finish(second);
            assertEquals(new Erasures.Backlog(0, null), erasures.backlog());
        }
    }

    @Test
    void no_session_is_opened_for_who_is_erased_while_they_log_in() throws Exception {
        try (var node = TestAccounts.over(POSTGRES);
                var thread = Executors.newSingleThreadExecutor()) {
            for (int i = 0; i < 20; i++) {
                var user = node.somebody().id();
                var login = thread.submit(() -> {
                    try {
                        node.accounts.sessions().open(user, null, false);
                    } catch (StoreUnavailable e) {
                        assertTrue(String.valueOf(e.getMessage()).contains("erased"), e.toString());
                    }
                });
                node.accounts.erasures().begin(user);
                login.get();
                assertEquals(
                        0,
                        node.postgres.<Integer, RuntimeException>with(
                                db -> db.createQuery("SELECT count(*) FROM session WHERE user_id = ?")
                                        .bind(0, user.value())
                                        .mapTo(Integer.class)
                                        .one()));
                assertThrows(
                        StoreUnavailable.class, () -> node.accounts.sessions().open(user, null, false));
            }
        }
    }

    @Test
    void an_outside_token_from_before_makes_nobody_and_a_later_login_somebody_new() throws Exception {
        var file = issuersFile();
        try (var node = TestAccounts.over(POSTGRES, file)) {
            var other = node.otherNodeWith(file);
            String token = token(node, "subject");
            var user = accepted(node.bearer(token)).user();
            assertEquals(user, accepted(other.bearer(token)).user());
            String ticket =
                    other.accounts.tickets().make(accepted(other.bearer(token))).reveal();
            accepted(other.ticket(ticket));

            node.accounts.erasures().begin(user);
            assertRefused(node.bearer(token));
            assertRefused(node.bearer(token));
            other.advance(EVERYBODY_KNOWS);
            assertRefused(other.bearer(token));
            assertRefused(other.ticket(ticket));
            assertRefused(node.otherNodeWith(file).bearer(token));

            var anew = accepted(other.bearer(token(node, "subject"))).user();
            assertNotEquals(user, anew);
            assertEquals(anew, accepted(node.bearer(token(node, "subject"))).user());
            assertRefused(other.ticket(ticket));
            other.accounts.close();
        }
    }

    @Test
    void what_is_remembered_of_outside_subjects_is_forgotten() throws Exception {
        try (var node = TestAccounts.over(POSTGRES, issuersFile())) {
            var user = accepted(node.bearer(token(node, "forgotten"))).user();
            node.accounts.erasures().begin(user);
            node.accounts.erasures().forgetSubjects();
            assertTrue(subjects(node) > 0);
            node.advance(Erasures.SUBJECTS_KEPT.plusSeconds(1));
            node.accounts.erasures().forgetSubjects();
            assertEquals(0, subjects(node));
        }
    }

    private static int subjects(TestAccounts node) {
        return node.postgres.<Integer, RuntimeException>with(db -> db.createQuery("SELECT count(*) FROM erased_subject")
                .mapTo(Integer.class)
                .one());
    }

    private Path issuersFile() throws Exception {
        Files.writeString(
                folder.resolve("keys.json"), new JWKSet(key).toPublicJWKSet().toString());
        return Files.writeString(folder.resolve("issuers.json"), """
                [{"issuer":"%s","audience":"parley","jwks_file":"keys.json"}]""".formatted(ISSUER));
    }

    private static String token(TestAccounts node, String subject) throws Exception {
        var claims = new JWTClaimsSet.Builder()
                .issuer(ISSUER)
                .subject(subject)
                .audience("parley")
                .issueTime(Date.from(node.clock.instant()))
                .expirationTime(Date.from(node.clock.instant().plusSeconds(600)))
                .build();
        var jwt = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("rsa").build(), claims);
        jwt.sign(new RSASSASigner(key));
        return jwt.serialize();
    }
}
