package chat.parley.notifier;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.ECPublicKeySpec;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.KeyAgreement;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** A browser's half of RFC 8291, by the JDK alone: nothing in it is of the library that the sender uses. */
final class PushDecryption {
    private static final int SALT_BYTES = 16;
    private static final int AUTH_BYTES = 16;
    private static final int POINT_BYTES = 65;
    private static final int TAG_BITS = 128;

    /** What follows the text of the last record (RFC 8188, 2). */
    private static final byte LAST_RECORD = 2;

    private final KeyPair keys;
    private final byte[] auth;

    private PushDecryption(KeyPair keys, byte[] auth) {
        this.keys = keys;
        this.auth = auth;
    }

    /** Keys as a browser makes them for a subscription. */
    static PushDecryption fresh() {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            byte[] auth = new byte[AUTH_BYTES];
            new SecureRandom().nextBytes(auth);
            return new PushDecryption(generator.generateKeyPair(), auth);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The keys that are written in base64url. */
    static PushDecryption of(String privateKey, String publicKey, String auth) throws GeneralSecurityException {
        var number = new BigInteger(1, Base64.getUrlDecoder().decode(privateKey));
        var secret = KeyFactory.getInstance("EC").generatePrivate(new ECPrivateKeySpec(number, curve()));
        return new PushDecryption(
                new KeyPair(publicKey(Base64.getUrlDecoder().decode(publicKey)), secret),
                Base64.getUrlDecoder().decode(auth));
    }

    String p256dh() {
        return base64(point((ECPublicKey) keys.getPublic()));
    }

    String auth() {
        return base64(auth);
    }

    /**
     * The text that {@code body} hides.
     *
     * @throws GeneralSecurityException if it was encrypted for somebody else, changed on its way, or is not of the form
     */
    byte[] decrypt(byte[] body) throws GeneralSecurityException {
        var in = ByteBuffer.wrap(body);
        if (in.remaining() < SALT_BYTES + 4 + 1 + POINT_BYTES) {
            throw new GeneralSecurityException("too short for a header: " + body.length);
        }
        byte[] salt = take(in, SALT_BYTES);
        int recordSize = in.getInt();
        int keyIdBytes = in.get();
        if (keyIdBytes != POINT_BYTES) {
            throw new GeneralSecurityException("a key of " + keyIdBytes + " bytes");
        }
        byte[] senderPoint = take(in, POINT_BYTES);
        byte[] sealed = take(in, in.remaining());
        // RFC 8291, 4: one record only, so it must fit the size that was announced.
        if (sealed.length > recordSize) {
            throw new GeneralSecurityException(
                    "a record of " + sealed.length + " bytes where " + recordSize + " were announced");
        }
        var agreement = KeyAgreement.getInstance("ECDH");
        agreement.init(keys.getPrivate());
        agreement.doPhase(publicKey(senderPoint), true);
        byte[] own = point((ECPublicKey) keys.getPublic());
        byte[] keyInfo = concat("WebPush: info\0".getBytes(US_ASCII), own, senderPoint);
        byte[] ikm = hkdf(auth, agreement.generateSecret(), keyInfo, 32);
        byte[] key = hkdf(salt, ikm, "Content-Encoding: aes128gcm\0".getBytes(US_ASCII), 16);
        byte[] nonce = hkdf(salt, ikm, "Content-Encoding: nonce\0".getBytes(US_ASCII), 12);
        var cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, "AES"), new GCMParameterSpec(TAG_BITS, nonce));
        byte[] padded = cipher.doFinal(sealed);
        int end = padded.length - 1;
        while (end >= 0 && padded[end] == 0) {
            end--;
        }
        if (end < 0 || padded[end] != LAST_RECORD) {
            throw new GeneralSecurityException("no delimiter of a last record");
        }
        return Arrays.copyOf(padded, end);
    }

    static ECPublicKey publicKey(byte[] point) throws GeneralSecurityException {
        if (point.length != POINT_BYTES || point[0] != 4) {
            throw new GeneralSecurityException("not an uncompressed point");
        }
        var x = new BigInteger(1, Arrays.copyOfRange(point, 1, 33));
        var y = new BigInteger(1, Arrays.copyOfRange(point, 33, 65));
        return (ECPublicKey)
                KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(new ECPoint(x, y), curve()));
    }

    private static byte[] hkdf(byte[] salt, byte[] secret, byte[] info, int bytes) throws GeneralSecurityException {
        return KDF.getInstance("HKDF-SHA256")
                .deriveData(HKDFParameterSpec.ofExtract()
                        .addIKM(secret)
                        .addSalt(salt)
                        .thenExpand(info, bytes));
    }

    private static ECParameterSpec curve() throws GeneralSecurityException {
        var parameters = AlgorithmParameters.getInstance("EC");
        parameters.init(new ECGenParameterSpec("secp256r1"));
        return parameters.getParameterSpec(ECParameterSpec.class);
    }

    private static byte[] point(ECPublicKey key) {
        byte[] point = new byte[POINT_BYTES];
        point[0] = 4;
        place(key.getW().getAffineX(), point, 1);
        place(key.getW().getAffineY(), point, 33);
        return point;
    }

    private static void place(BigInteger number, byte[] point, int at) {
        byte[] bytes = number.toByteArray(); // may begin with a zero for the sign, or be short
        int length = Math.min(bytes.length, 32);
        System.arraycopy(bytes, bytes.length - length, point, at + 32 - length, length);
    }

    private static byte[] take(ByteBuffer in, int bytes) {
        byte[] taken = new byte[bytes];
        in.get(taken);
        return taken;
    }

    private static byte[] concat(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        var all = ByteBuffer.allocate(length);
        for (byte[] part : parts) {
            all.put(part);
        }
        return all.array();
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
