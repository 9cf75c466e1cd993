package chat.parley.systemtests.badinput;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import chat.parley.systemtests.process.Api;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Makes tokens that look like a good one and are not; by hand, because no library should help with it. */
final class Forgery {
    private static final int COORDINATE_BYTES = 32;

    private final String[] parts;
    private final KeyPair ownKey;

    Forgery(String goodToken) throws GeneralSecurityException {
        parts = goodToken.split("\\.", -1);
        var generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        ownKey = generator.generateKeyPair();
    }

    ObjectNode header() throws Exception {
        return (ObjectNode) Api.json(new String(Base64.getUrlDecoder().decode(parts[0]), UTF_8));
    }

    ObjectNode claims() throws Exception {
        return (ObjectNode) Api.json(new String(Base64.getUrlDecoder().decode(parts[1]), UTF_8));
    }

    /** Without a signature. */
    String unsigned(String algorithm) throws Exception {
        return encode(header().put("alg", algorithm)) + "." + parts[1] + ".";
    }

    /** The good signature under other claims. */
    String withClaims(ObjectNode claims) {
        return parts[0] + "." + encode(claims) + "." + parts[2];
    }

    /** A signature of zeros, which a careless check of elliptic curves takes for any text. */
    String withZeroSignature() {
        return parts[0] + "." + parts[1] + "." + encode(new byte[2 * COORDINATE_BYTES]);
    }

    /** Signed with a secret that is not one: the public key. */
    String signedByPublicKey(byte[] publicKey) throws Exception {
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(publicKey, "HmacSHA256"));
        var signed = encode(header().put("alg", "HS256")) + "." + parts[1];
        return signed + "." + encode(mac.doFinal(signed.getBytes(US_ASCII)));
    }

    /** Properly signed, by a key of the forger's own. */
    String signedByOwnKey(ObjectNode header) throws Exception {
        var signer = Signature.getInstance("SHA256withECDSAinP1363Format");
        signer.initSign(ownKey.getPrivate());
        var signed = encode(header) + "." + parts[1];
        signer.update(signed.getBytes(US_ASCII));
        return signed + "." + encode(signer.sign());
    }

    /** The forger's public key as a JWK. */
    ObjectNode ownJwk() {
        var point = ((ECPublicKey) ownKey.getPublic()).getW();
        return Api.object()
                .put("kty", "EC")
                .put("crv", "P-256")
                .put("kid", "own")
                .put("x", encode(coordinate(point.getAffineX().toByteArray())))
                .put("y", encode(coordinate(point.getAffineY().toByteArray())));
    }

    private static byte[] coordinate(byte[] number) {
        var fixed = new byte[COORDINATE_BYTES];
        var unsigned = number.length > COORDINATE_BYTES ? Arrays.copyOfRange(number, 1, number.length) : number;
        System.arraycopy(unsigned, 0, fixed, COORDINATE_BYTES - unsigned.length, unsigned.length);
        return fixed;
    }

    private static String encode(ObjectNode json) {
        return encode(json.toString().getBytes(UTF_8));
    }

    private static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
