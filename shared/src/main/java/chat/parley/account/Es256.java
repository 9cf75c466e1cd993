package chat.parley.account;

import chat.parley.crypto.NativeCurves;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.util.Base64URL;
import java.security.Provider;
import org.jspecify.annotations.Nullable;

/**
 * Signs and verifies by curves, ES256 by native code where there is any. Which keys are taken the JDK decides, and what native code cannot say yes or no to is asked of the JDK, so
 * that a token is worth the same on every machine.
 */
final class Es256 {
    private Es256() {}

    /**
     * What verifies by {@code key}.
     *
     * @throws JOSEException if the key is of no curve that Java has
     */
    static JWSVerifier verifier(ECKey key) throws JOSEException {
        return verifier(key, NativeCurves.provider());
    }

    /** @param provider null: the JDK's own */
    static JWSVerifier verifier(ECKey key, @Nullable Provider provider) throws JOSEException {
        var jdks = new ECDSAVerifier(key);
        if (provider == null || !Curve.P_256.equals(key.getCurve())) {
            return jdks;
        }
        try {
            return new NativeVerifier(key, provider, jdks);
        } catch (JOSEException | RuntimeException e) {
            return jdks;
        }
    }

    /**
     * What signs by {@code key}.
     *
     * @throws JOSEException if the key is of no curve that Java has, or only a public one
     */
    static JWSSigner signer(ECKey key) throws JOSEException {
        return signer(key, NativeCurves.provider());
    }

    /** @param provider null: the JDK's own */
    static JWSSigner signer(ECKey key, @Nullable Provider provider) throws JOSEException {
        var jdks = new ECDSASigner(key);
        if (provider == null || !Curve.P_256.equals(key.getCurve())) {
            return jdks;
        }
        try {
            return new NativeSigner(key, provider, jdks);
        } catch (JOSEException | RuntimeException e) {
            return jdks;
        }
    }

    /** Has a key of the provider's own kind: another one would be translated for each token. */
    private static final class NativeVerifier extends ECDSAVerifier {
        private final JWSVerifier jdks;

        NativeVerifier(ECKey key, Provider provider, JWSVerifier jdks) throws JOSEException {
            super(key.toECPublicKey(provider));
            getJCAContext().setProvider(provider);
            this.jdks = jdks;
        }

        @Override
        public boolean verify(JWSHeader header, byte[] signed, Base64URL signature) throws JOSEException {
            try {
                return super.verify(header, signed, signature);
            } catch (JOSEException | RuntimeException e) {
                return jdks.verify(header, signed, signature);
            }
        }
    }

    /** As {@link NativeVerifier}. */
    private static final class NativeSigner extends ECDSASigner {
        private final JWSSigner jdks;

        NativeSigner(ECKey key, Provider provider, JWSSigner jdks) throws JOSEException {
            super(key.toECPrivateKey(provider));
            getJCAContext().setProvider(provider);
            this.jdks = jdks;
        }

        @Override
        public Base64URL sign(JWSHeader header, byte[] signed) throws JOSEException {
            try {
                return super.sign(header, signed);
            } catch (JOSEException | RuntimeException e) {
                return jdks.sign(header, signed);
            }
        }
    }
}
