package chat.parley.crypto;

import java.io.IOException;
import java.math.BigInteger;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * P-256 by native code, several times as fast as the JDK's: Amazon's Corretto Crypto Provider, where it can be loaded. It is in none of the JDK's lists, so that TLS, random
 * numbers and everything else stay as they are: whoever wants it names it. See docs/adr/0022-native-curves.md. Safe for use by many threads.
 */
public final class NativeCurves {
    private static final Logger LOG = LoggerFactory.getLogger(NativeCurves.class);

    /** In both jars, for x86-64 and for ARM, the same name: on one class path the first would hide the other. */
    private static final String LIBRARY = "com/amazon/corretto/crypto/provider/libamazonCorrettoCryptoProvider.so";

    private static final String PROVIDER = "com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider";

    /** What Java calls a machine, and how the jar's name ends that is for it. */
    private static final Map<String, String> JARS =
            Map.of("amd64", "-linux-x86_64.jar", "aarch64", "-linux-aarch_64.jar");

    private NativeCurves() {}

    /** Loaded when first asked for, once in a process. */
    private static final class Loaded {
        private static final @Nullable Provider PROVIDER = loadOrSayWhyNot();
    }

    /** What to name to {@code getInstance}; null where the JDK's own has to do. */
    public static @Nullable Provider provider() {
        return Loaded.PROVIDER;
    }

    private static @Nullable Provider loadOrSayWhyNot() {
        String machine = System.getProperty("os.name") + " " + System.getProperty("os.arch");
        try {
            var jar = System.getProperty("os.name").equals("Linux")
                    ? jarFor(System.getProperty("os.arch"), NativeCurves.class.getClassLoader())
                    : Optional.<Path>empty();
            if (jar.isEmpty()) {
                LOG.info("elliptic curves by the JDK: no native provider for {}", machine);
                return null;
            }
            var provider = load(jar.get());
            LOG.info("elliptic curves by {} {}", provider.getName(), provider.getVersionStr());
            return provider;
        } catch (Exception | LinkageError e) { // whatever it is, the JDK can do the same
            LOG.warn("elliptic curves by the JDK, which takes nine times as long: no native provider: {}", why(e));
            return null;
        }
    }

    /** The jar on the class path whose library is for {@code architecture}, as {@code os.arch} calls it. */
    static Optional<Path> jarFor(String architecture, ClassLoader classPath) throws IOException, URISyntaxException {
        String ending = JARS.get(architecture);
        if (ending == null) {
            return Optional.empty();
        }
        for (URL library : Collections.list(classPath.getResources(LIBRARY))) {
            if (library.openConnection() instanceof JarURLConnection inJar
                    && inJar.getJarFileURL().getProtocol().equals("file")
                    && inJar.getJarFileURL().getPath().endsWith(ending)) {
                return Optional.of(Path.of(inJar.getJarFileURL().toURI()));
            }
        }
        return Optional.empty();
    }

    /**
     * The provider of {@code jar}, tried out.
     *
     * @throws Exception of any kind, or a LinkageError, if its library is not for this machine, could not be written where temporary files go or must not be executed there, or
     *     answers wrongly
     */
    static Provider load(Path jar) throws Exception {
        var provider = (Provider)
                new ProviderJar(jar).loadClass(PROVIDER).getField("INSTANCE").get(null);
        var error = (Throwable) provider.getClass().getMethod("getLoadingError").invoke(provider);
        if (error != null) {
            throw new IOException(why(error), error);
        }
        tryOut(provider);
        return provider;
    }

    /** Does once what it will be used for. Its own tests would do what it will not, for 0.15 s. */
    private static void tryOut(Provider provider) throws GeneralSecurityException {
        var generator = KeyPairGenerator.getInstance("EC", provider);
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        var one = generator.generateKeyPair();
        var other = generator.generateKeyPair();
        var known = KnownAnswer.key(provider, (ECPublicKey) one.getPublic());
        var signer = Signature.getInstance("SHA256withECDSA", provider);
        signer.initSign(one.getPrivate());
        signer.update(KnownAnswer.TEXT);
        byte[] signature = signer.sign();
        boolean isRight = isSignature(provider, known, KnownAnswer.SIGNATURE)
                && isSignature(provider, one.getPublic(), signature)
                && !isSignature(provider, one.getPublic(), KnownAnswer.SIGNATURE)
                && !isSignature(provider, other.getPublic(), signature);
        if (!isRight) {
            throw new GeneralSecurityException("it answers wrongly");
        }
    }

    private static boolean isSignature(Provider provider, PublicKey key, byte[] signature)
            throws GeneralSecurityException {
        var verifier = Signature.getInstance("SHA256withECDSA", provider);
        verifier.initVerify(key);
        verifier.update(KnownAnswer.TEXT);
        return verifier.verify(signature);
    }

    /** The signature of RFC 6979, A.2.5, with SHA-256. */
    private static final class KnownAnswer {
        static final byte[] TEXT = "sample".getBytes(StandardCharsets.US_ASCII);

        /** In DER, as {@code SHA256withECDSA} has it. */
        static final byte[] SIGNATURE = HexFormat.of()
                .parseHex("3046"
                        + "022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                        + "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");

        private static final ECPoint POINT = new ECPoint(
                new BigInteger("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6", 16),
                new BigInteger("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299", 16));

        private KnownAnswer() {}

        static PublicKey key(Provider provider, ECPublicKey ofSameCurve) throws GeneralSecurityException {
            return KeyFactory.getInstance("EC", provider)
                    .generatePublic(new ECPublicKeySpec(POINT, ofSameCurve.getParams()));
        }
    }

    /** The innermost cause: what wraps it says only that a static initializer failed. */
    private static String why(Throwable failure) {
        var cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.toString();
    }
}
