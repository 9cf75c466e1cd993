package chat.parley.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.crypto.NativeCurves;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.ProviderException;
import java.security.PublicKey;
import java.security.Security;
import java.security.SignatureSpi;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same answers by native code, by the JDK's, and by a provider that fails. */
class Es256Test {
    private static final JWSHeader HEADER = new JWSHeader(JWSAlgorithm.ES256);
    private static final byte[] TEXT = "header.claims".getBytes(StandardCharsets.US_ASCII);
    private static final int NUMBER_BYTES = 32;

    private static ECKey key;

    @BeforeAll
    static void makeKey() throws Exception {
        key = new ECKeyGenerator(Curve.P_256).keyID("own").generate();
    }

    /** By name, since the JDK's is null. */
    enum By {
        NATIVE,
        JDK,
        WITHOUT_CURVES,
        FAILING;

        @Nullable
        Provider provider() {
            return switch (this) {
                case NATIVE -> NativeCurves.provider();
                case JDK -> null;
                case WITHOUT_CURVES -> Security.getProvider("SUN");
                case FAILING -> new Failing();
            };
        }

        JWSVerifier verifier(ECKey key) throws JOSEException {
            return Es256.verifier(key, provider());
        }
    }

    static Stream<By> ways() {
        return Stream.of(By.values()).filter(by -> by == By.JDK || by.provider() != null);
    }

    @ParameterizedTest
    @MethodSource("ways")
    void what_one_signs_all_verify(By signer) throws Exception {
        var signature = Es256.signer(key, signer.provider()).sign(HEADER, TEXT);
        assertEquals(2 * NUMBER_BYTES, signature.decode().length);
        for (var verifier : ways().toList()) {
            assertTrue(verifier.verifier(key.toPublicJWK()).verify(HEADER, TEXT, signature), verifier.name());
        }
    }

    @Test
    void a_hundred_signatures_of_each_are_right_so_that_short_numbers_are_among_them() throws Exception {
        for (var signer : ways().toList()) {
            var signs = Es256.signer(key, signer.provider());
            for (int i = 0; i < 100; i++) {
                byte[] text = ("text " + i).getBytes(StandardCharsets.US_ASCII);
                var signature = signs.sign(HEADER, text);
                for (var verifier : ways().toList()) {
                    assertTrue(verifier.verifier(key).verify(HEADER, text, signature), signer + " by " + verifier);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void forged_signatures_are_refused(By by) throws Exception {
        var verifier = by.verifier(key);
        for (var forged : forged().entrySet()) {
            assertFalse(verifies(verifier, TEXT, forged.getValue()), forged.getKey());
        }
        var right = new ECDSASigner(key).sign(HEADER, TEXT);
        assertTrue(verifies(verifier, TEXT, right.decode()));
        assertFalse(verifies(verifier, "header.claimz".getBytes(StandardCharsets.US_ASCII), right.decode()));
    }

    private static Map<String, byte[]> forged() throws Exception {
        byte[] right = new ECDSASigner(key).sign(HEADER, TEXT).decode();
        var r = new BigInteger(1, Arrays.copyOf(right, NUMBER_BYTES));
        var s = new BigInteger(1, Arrays.copyOfRange(right, NUMBER_BYTES, right.length));
        var order = Curve.P_256.toECParameterSpec().getOrder();
        var all = BigInteger.ONE.shiftLeft(NUMBER_BYTES * Byte.SIZE).subtract(BigInteger.ONE);
        var forged = new LinkedHashMap<String, byte[]>();
        forged.put("r = s = 0, CVE-2022-21449", numbers(BigInteger.ZERO, BigInteger.ZERO));
        forged.put("r = 0", numbers(BigInteger.ZERO, s));
        forged.put("s = 0", numbers(r, BigInteger.ZERO));
        forged.put("r = s = n", numbers(order, order));
        forged.put("r = n", numbers(order, s));
        forged.put("s = n", numbers(r, order));
        forged.put("r = s = 1", numbers(BigInteger.ONE, BigInteger.ONE));
        forged.put("r = s = 2^256 - 1", numbers(all, all));
        forged.put("the other way round", numbers(s, r));
        forged.put("nothing", new byte[0]);
        forged.put("a byte too short", Arrays.copyOf(right, right.length - 1));
        forged.put("a byte too long", Arrays.copyOf(right, right.length + 1));
        forged.put("half", Arrays.copyOf(right, NUMBER_BYTES));
        forged.put("in DER", HexFormat.of().parseHex("3006020101020101"));
        for (int at : new int[] {0, NUMBER_BYTES - 1, NUMBER_BYTES, right.length - 1}) {
            byte[] changed = right.clone();
            changed[at] ^= 1;
            forged.put("one bit of byte " + at, changed);
        }
        var other = new ECKeyGenerator(Curve.P_256).generate();
        forged.put("of another key", new ECDSASigner(other).sign(HEADER, TEXT).decode());
        return forged;
    }

    private static byte[] numbers(BigInteger r, BigInteger s) {
        byte[] both = new byte[2 * NUMBER_BYTES];
        place(r, both, 0);
        place(s, both, NUMBER_BYTES);
        return both;
    }

    private static void place(BigInteger number, byte[] into, int at) {
        byte[] bytes = number.toByteArray(); // may begin with a zero for the sign, or be short
        int length = Math.min(bytes.length, NUMBER_BYTES);
        System.arraycopy(bytes, bytes.length - length, into, at + NUMBER_BYTES - length, length);
    }

    /** As a token is asked: what is thrown is a no. */
    private static boolean verifies(JWSVerifier verifier, byte[] text, byte[] signature) {
        try {
            return verifier.verify(HEADER, text, Base64URL.encode(signature));
        } catch (JOSEException e) {
            return false;
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void a_signature_is_worth_the_same_with_its_mirrored_number(By by) throws Exception {
        byte[] right = new ECDSASigner(key).sign(HEADER, TEXT).decode();
        var r = new BigInteger(1, Arrays.copyOf(right, NUMBER_BYTES));
        var s = new BigInteger(1, Arrays.copyOfRange(right, NUMBER_BYTES, right.length));
        var mirrored = numbers(r, Curve.P_256.toECParameterSpec().getOrder().subtract(s));
        assertTrue(verifies(by.verifier(key), TEXT, mirrored));
    }

    @ParameterizedTest
    @MethodSource("ways")
    void a_key_of_another_curve_verifies_no_es256_and_signs_none(By by) throws Exception {
        for (var curve : List.of(Curve.P_384, Curve.P_521)) {
            var other = new ECKeyGenerator(curve).generate();
            var signature = new ECDSASigner(key).sign(HEADER, TEXT);
            assertThrows(JOSEException.class, () -> by.verifier(other).verify(HEADER, TEXT, signature));
            assertThrows(
                    JOSEException.class,
                    () -> Es256.signer(other, by.provider()).sign(HEADER, TEXT));
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void the_curve_of_bitcoin_verifies_no_es256(By by) throws Exception {
        // The point is the curve's generator. Native code knows this curve, the JDK does not.
        var other = ECKey.parse("{\"kty\":\"EC\",\"crv\":\"secp256k1\","
                + "\"x\":\"eb5mfvncu6xVoGKVzocLBwKb_NstzijZWfKBWxb4F5g\","
                + "\"y\":\"SDradyajxGVdpPv8DhEIqP0XtEimhVQZnEfQj_sQ1Lg\"}");
        var signature = new ECDSASigner(key).sign(HEADER, TEXT);
        assertThrows(JOSEException.class, () -> by.verifier(other).verify(HEADER, TEXT, signature));
    }

    @Test
    void a_point_beside_the_curve_is_no_key() {
        var x = key.getX();
        var wrong = key.getY().decode();
        wrong[NUMBER_BYTES - 1] ^= 1;
        assertThrows(
                IllegalStateException.class, () -> new ECKey.Builder(Curve.P_256, x, Base64URL.encode(wrong)).build());
    }

    @Test
    void a_failing_provider_is_really_asked() throws Exception {
        var jdks = By.JDK.verifier(key);
        assertNotSame(jdks.getClass(), By.FAILING.verifier(key).getClass());
        assertEquals(jdks.getClass(), By.WITHOUT_CURVES.verifier(key).getClass());
        int before = Failing.ASKED.size();
        assertTrue(By.FAILING.verifier(key).verify(HEADER, TEXT, new ECDSASigner(key).sign(HEADER, TEXT)));
        assertEquals(before + 1, Failing.ASKED.size());
    }

    @Test
    void our_own_and_outside_issuers_tokens_are_verified_by_native_code_where_there_is_any() throws Exception {
        var provider = NativeCurves.provider();
        var verifier = Issuer.verifier(key).orElseThrow();
        assertEquals(provider, verifier.getJCAContext().getProvider());
        assertEquals(provider, Es256.signer(key).getJCAContext().getProvider());
        var jwt = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("own").build(),
                new JWTClaimsSet.Builder().subject("x").build());
        jwt.sign(Es256.signer(key));
        var issuer = new Issuer("i", "a", new ImmutableJWKSet<>(new JWKSet(key.toPublicJWK())));
        assertTrue(issuer.signed(ReadToken.read(jwt.serialize()).orElseThrow()));
    }

    /** Has keys, and breaks whenever it is to sign or to verify: as a library without memory would. */
    private static final class Failing extends Provider {
        private static final long serialVersionUID = 1L;

        static final List<String> ASKED = new ArrayList<>();
        private static final Provider KEYS = Security.getProviders("KeyFactory.EC")[0];

        Failing() {
            super("Failing", "1", "");
            put("Signature.SHA256withECDSA", Broken.class.getName());
        }

        @Override
        public @Nullable Service getService(String type, String algorithm) {
            return type.equals("KeyFactory") ? KEYS.getService(type, algorithm) : super.getService(type, algorithm);
        }
    }

    /** The engine of {@link Failing}. */
    public static final class Broken extends SignatureSpi {
        @Override
        protected void engineInitVerify(PublicKey publicKey) {
            Failing.ASKED.add("verify");
            throw new ProviderException("broken");
        }

        @Override
        protected void engineInitSign(PrivateKey privateKey) {
            throw new ProviderException("broken");
        }

        @Override
        protected void engineUpdate(byte b) {}

        @Override
        protected void engineUpdate(byte[] bytes, int from, int length) {}

        @Override
        protected byte[] engineSign() {
            return new byte[0];
        }

        @Override
        protected boolean engineVerify(byte[] signature) {
            return true;
        }

        @Override
        @Deprecated
        protected void engineSetParameter(String name, Object value) {}

        @Override
        @Deprecated
        protected Object engineGetParameter(String name) {
            throw new ProviderException(name);
        }
    }
}
