package chat.parley.account;

import static chat.parley.account.TestAccounts.accepted;
import static chat.parley.account.TestAccounts.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import chat.parley.ops.Secret;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import chat.parley.testkit.RealPostgres;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class AccessTokensTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private final TestAccounts node = TestAccounts.over(POSTGRES);
    private OpenedSession session;
    private ECKey key;

    @BeforeEach
    void logIn() throws Exception {
        session = node.accounts.sessions().open(node.somebody().id(), null, false);
        node.tokenOf(session); // makes the key
        key = ECKey.parse(
                node.postgres.<String, RuntimeException>with(db -> db.createQuery("SELECT jwk FROM signing_key")
                        .mapTo(String.class)
                        .one()));
    }

    @AfterEach
    void close() {
        node.close();
    }

    @Test
    void a_token_has_the_form_of_rfc_9068() throws Exception {
        var jwt = SignedJWT.parse(node.tokenOf(session));
        assertEquals("at+jwt", jwt.getHeader().getType().toString());
        assertEquals(JWSAlgorithm.ES256, jwt.getHeader().getAlgorithm());
        assertEquals(
                List.of("aud", "exp", "iat", "iss", "jti", "sid", "sub"),
                jwt.getJWTClaimsSet().getClaims().keySet().stream().sorted().toList());
        var publicKeys = JWKSet.parse(node.accounts.accessTokens().jwks());
        assertEquals(key.toPublicJWK(), publicKeys.getKeyByKeyId(jwt.getHeader().getKeyID()));
        assertFalse(publicKeys.containsNonPublicKeys());
    }

    @Test
    void a_token_ends_after_fifteen_minutes_also_when_it_is_remembered() {
        var token = node.tokenOf(session);
        accepted(node.bearer(token));
        node.advance(AccessTokens.LIFE.minusSeconds(2));
        accepted(node.bearer(token));
        node.advance(Duration.ofSeconds(2));
        assertRefused(node.bearer(token));
    }

    @Test
    void a_token_made_by_hand_with_our_key_is_taken_so_that_the_forgeries_below_fail_for_their_one_fault()
            throws Exception {
        accepted(node.bearer(signed(header().build(), claims().build(), new ECDSASigner(key))));
    }

    @Test
    void tokens_signed_by_another_key_are_refused() throws Exception {
        var foreign = new ECKeyGenerator(Curve.P_256).keyID(key.getKeyID()).generate();
        assertRefused(node.bearer(signed(header().build(), claims().build(), new ECDSASigner(foreign))));
        var unknown = new JWSHeader.Builder(JWSAlgorithm.ES256)
                .type(new JOSEObjectType("at+jwt"))
                .keyID("x");
        assertRefused(node.bearer(signed(unknown.build(), claims().build(), new ECDSASigner(key))));
        var none = new JWSHeader.Builder(JWSAlgorithm.ES256).type(new JOSEObjectType("at+jwt"));
        assertRefused(node.bearer(signed(none.build(), claims().build(), new ECDSASigner(key))));
    }

    @Test
    void a_public_key_does_not_serve_as_a_shared_secret() throws Exception {
        var header = new JWSHeader.Builder(JWSAlgorithm.HS256)
                .type(new JOSEObjectType("at+jwt"))
                .keyID(key.getKeyID());
        for (var secret : List.of(
                key.toPublicJWK().toJSONString(), node.accounts.accessTokens().jwks())) {
            assertRefused(node.bearer(
                    signed(header.build(), claims().build(), new MACSigner(secret.getBytes(StandardCharsets.UTF_8)))));
        }
        byte[] encoded = key.toECPublicKey().getEncoded();
        assertRefused(node.bearer(signed(header.build(), claims().build(), new MACSigner(encoded))));
    }

    @Test
    void tokens_that_name_a_key_or_an_address_are_refused_though_well_signed() throws Exception {
        var anywhere = URI.create("http://127.0.0.1:9/keys");
        for (UnaryOperator<JWSHeader.Builder> fault : List.<UnaryOperator<JWSHeader.Builder>>of(
                header -> header.jwkURL(anywhere),
                header -> header.x509CertURL(anywhere),
                header -> header.jwk(key.toPublicJWK()),
                header -> header.x509CertChain(List.of(new com.nimbusds.jose.util.Base64("AAAA"))),
                header -> header.criticalParams(new HashSet<>(List.of("exp"))).customParam("exp", 1),
                header -> header.type(JOSEObjectType.JWT),
                header -> header.type(null))) {
            assertRefused(node.bearer(signed(fault.apply(header()).build(), claims().build(), new ECDSASigner(key))));
        }
    }

    @Test
    void tokens_with_wrong_claims_are_refused_though_well_signed() throws Exception {
        Instant now = node.clock.instant();
        for (UnaryOperator<JWTClaimsSet.Builder> fault : List.<UnaryOperator<JWTClaimsSet.Builder>>of(
                claims -> claims.issuer("someone else"),
                claims -> claims.issuer(null),
                claims -> claims.audience("someone else"),
                claims -> claims.audience((String) null),
                claims -> claims.subject(null),
                claims -> claims.subject("not an id"),
                claims -> claims.subject(node.somebody().id().toString()),
                claims -> claims.expirationTime(Date.from(now)),
                claims -> claims.expirationTime(null),
                claims -> claims.issueTime(null),
                claims -> claims.issueTime(Date.from(now.plusSeconds(60))),
                claims -> claims.notBeforeTime(Date.from(now.plusSeconds(60))),
                claims -> claims.claim("sid", null),
                claims -> claims.claim("sid", 5),
                claims -> claims.claim("sid", "0000000000001"))) {
            assertRefused(
                    node.bearer(signed(header().build(), fault.apply(claims()).build(), new ECDSASigner(key))));
        }
    }

    @Test
    void json_that_two_readers_could_read_differently_is_refused_though_well_signed() throws Exception {
        String header = header().build().toString();
        String claims = claims().build().toString();
        accepted(node.bearer(rawSigned(header, claims)));
        String twice = claims.replace("{", "{\"sub\":\"" + node.somebody().id() + "\",");
        for (var forged : List.of(
                rawSigned(header, twice),
                rawSigned(header.replace("{", "{\"alg\":\"none\","), claims),
                rawSigned(header, claims + "{}"),
                rawSigned(header, "[" + claims + "]"),
                rawSigned(header, claims.replace("{", "{\"deep\":" + "[".repeat(50) + "]".repeat(50) + ",")),
                rawSigned(header, claims.replaceFirst("\"exp\":\\d+", "\"exp\":" + "9".repeat(400))),
                rawSigned(header, "\u0000"))) {
            assertRefused(node.bearer(forged));
        }
    }

    @Test
    void what_is_no_token_at_all_is_refused() {
        String[] parts = node.tokenOf(session).split("\\.", -1);
        String none = Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString("{\"alg\":\"none\"}".getBytes(StandardCharsets.UTF_8));
        for (var forged : List.of(
                "",
                ".",
                "..",
                "a.b.c",
                "\u0000",
                "é.é.é",
                none + "." + parts[1] + ".",
                parts[0] + "." + parts[1] + ".",
                parts[0] + "." + parts[1] + "." + parts[2] + ".",
                parts[0] + "." + parts[1] + "." + "A".repeat(86), // r = s = 0, CVE-2022-21449
                parts[0] + "." + parts[1] + "." + parts[2].substring(1),
                "A".repeat(1_000_000))) {
            assertRefused(node.bearer(forged));
        }
    }

    @Test
    void nodes_that_start_together_agree_on_one_key() throws Exception {
        node.postgres.<Integer, RuntimeException>with(db -> db.execute("DELETE FROM signing_key"));
        try (var threads = Executors.newFixedThreadPool(4)) {
            Callable<String> start =
                    () -> node.otherNode().accounts.accessTokens().jwks();
            var keys = new HashSet<String>();
            for (var made : threads.invokeAll(List.of(start, start, start, start))) {
                keys.add(made.get());
            }
            assertEquals(1, keys.size());
        }
    }

    @Test
    void a_newer_key_is_found_and_the_older_one_still_verifies() throws Exception {
        var old = node.tokenOf(session);
        var newer = new ECKeyGenerator(Curve.P_256).keyIDFromThumbprint(true).generate();
        node.postgres.<Integer, RuntimeException>with(db -> db.execute(
                "INSERT INTO signing_key VALUES (?, ?, now() + interval '1 day')",
                newer.getKeyID(),
                newer.toJSONString()));
        try {
            var token = node.otherNode().tokenOf(session);
            assertEquals(newer.getKeyID(), SignedJWT.parse(token).getHeader().getKeyID());
            node.advance(Duration.ofSeconds(11));
            accepted(node.bearer(token));
            accepted(node.bearer(old));
        } finally {
            node.postgres.<Integer, RuntimeException>with(
                    db -> db.execute("DELETE FROM signing_key WHERE id = ?", newer.getKeyID()));
        }
    }

    @Test
    void without_postgres_the_answer_is_unknown_and_not_no() throws Exception {
        try (var own = RealPostgres.own()) {
            own.server().kill();
            var address = new Postgres.Address(
                    own.server().jdbcUrl("postgres"),
                    own.server().user(),
                    new Secret(own.server().password()));
            try (var postgres = Postgres.open(address, 2);
                    var without = TestAccounts.over(postgres)) {
                assertThrows(StoreUnavailable.class, () -> without.cookie("parley_session=abc"));
                assertThrows(StoreUnavailable.class, () -> without.ticket("abc"));
                assertThrows(StoreUnavailable.class, () -> without.bearer(node.tokenOf(session)));
                assertInstanceOf(Authentication.Missing.class, without.cookie("a=b"));
                assertRefused(without.bearer("a.b.c"));
            }
        }
    }

    private JWSHeader.Builder header() {
        return new JWSHeader.Builder(JWSAlgorithm.ES256)
                .type(new JOSEObjectType("at+jwt"))
                .keyID(key.getKeyID());
    }

    private JWTClaimsSet.Builder claims() {
        Instant now = node.clock.instant();
        return new JWTClaimsSet.Builder()
                .issuer(AccessTokens.ISSUER)
                .audience(AccessTokens.ISSUER)
                .subject(session.user().toString())
                .issueTime(Date.from(now))
                .expirationTime(Date.from(now.plusSeconds(600)))
                .claim("sid", session.id().toString());
    }

    private static String signed(JWSHeader header, JWTClaimsSet claims, JWSSigner signer) throws Exception {
        var jwt = new SignedJWT(header, claims);
        jwt.sign(signer);
        return jwt.serialize();
    }

    /** Signs any bytes, as the library would not. */
    private String rawSigned(String header, String claims) throws Exception {
        String input = Base64URL.encode(header) + "." + Base64URL.encode(claims);
        var signature = Signature.getInstance("SHA256withECDSAinP1363Format");
        signature.initSign(key.toECPrivateKey());
        signature.update(input.getBytes(StandardCharsets.US_ASCII));
        return input + "." + Base64URL.encode(signature.sign());
    }
}
