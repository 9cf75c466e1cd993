package chat.parley.account;

import static chat.parley.account.Users.utc;

import chat.parley.postgres.Postgres;
import com.github.benmanes.caffeine.cache.Ticker;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import java.text.ParseException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The keys of our own access tokens, the same for all nodes: the first node that starts makes one. The newest signs, all verify, so a new row is a
 * rotation. Safe for use by many threads.
 */
final class SigningKeys {
    /** Held while the first key is made, so that nodes that start together make one. The number only has to be nobody else's. */
    private static final long LOCK = 0x7061726c_65794b31L;

    /** A token with an unknown key may be of a newer one, made elsewhere; forged ones must not make us ask more often than this. */
    private static final Duration ASK_AGAIN_AFTER = Duration.ofSeconds(10);

    private static final String READ = "SELECT jwk FROM signing_key ORDER BY created_at DESC, id";
    private static final String INSERT =
            "INSERT INTO signing_key (id, jwk, created_at) VALUES (:id, :jwk, :created_at)";

    private final Postgres postgres;
    private final InstantSource clock;
    private final Ticker ticker;
    private volatile @Nullable Keys known;

    SigningKeys(Postgres postgres, InstantSource clock, Ticker ticker) {
        this.postgres = postgres;
        this.clock = clock;
        this.ticker = ticker;
    }

    /** What signs, and by which key id. */
    record Signer(String keyId, JWSSigner signer) {}

    private record Keys(Signer signer, Map<String, JWSVerifier> verifiers, String publicJson, long readAtNanos) {}

    Signer signer() {
        return keys().signer();
    }

    /** What verifies the tokens of key {@code id}; empty if it is not ours. */
    Optional<JWSVerifier> verifier(String id) {
        var keys = keys();
        var verifier = keys.verifiers().get(id);
        if (verifier == null && ticker.read() - keys.readAtNanos() > ASK_AGAIN_AFTER.toNanos()) {
            verifier = read().verifiers().get(id);
        }
        return Optional.ofNullable(verifier);
    }

    /** The public parts as a JWK set. */
    String publicJson() {
        return keys().publicJson();
    }

    private Keys keys() {
        var keys = known;
        return keys == null ? read() : keys;
    }

    private synchronized Keys read() {
        long now = ticker.read();
        var keys = known;
        if (keys != null && now - keys.readAtNanos() <= ASK_AGAIN_AFTER.toNanos()) {
            return keys; // another thread was first
        }
        var stored = postgres.with(SigningKeys::readFrom);
        if (stored.isEmpty()) {
            stored = postgres.inTransaction(this::makeFirst);
        }
        var read = of(stored.stream().map(SigningKeys::parse).toList(), now);
        known = read;
        return read;
    }

    private static List<String> readFrom(Handle db) {
        return db.createQuery(READ).mapTo(String.class).list();
    }

    private List<String> makeFirst(Handle db) {
        db.execute("SELECT pg_advisory_xact_lock(?)", LOCK);
        var stored = readFrom(db);
        if (!stored.isEmpty()) {
            return stored; // another node was first
        }
        ECKey made;
        try {
            made = new ECKeyGenerator(Curve.P_256)
                    .keyUse(KeyUse.SIGNATURE)
                    .algorithm(JWSAlgorithm.ES256)
                    .keyIDFromThumbprint(true)
                    .generate();
        } catch (JOSEException e) {
            throw new IllegalStateException("every Java makes P-256 keys", e);
        }
        db.createUpdate(INSERT)
                .bind("id", made.getKeyID())
                .bind("jwk", made.toJSONString())
                .bind("created_at", utc(clock.instant()))
                .execute();
        return List.of(made.toJSONString());
    }

    private static Keys of(List<ECKey> newestFirst, long now) {
        try {
            var verifiers = new HashMap<String, JWSVerifier>();
            for (var key : newestFirst) {
                verifiers.put(key.getKeyID(), Es256.verifier(key));
            }
            var newest = newestFirst.getFirst();
            String publicJson = newestFirst.stream()
                    .map(ECKey::toPublicJWK)
                    .collect(Collectors.collectingAndThen(
                            Collectors.<JWK>toList(), keys -> new JWKSet(keys).toString(true)));
            return new Keys(
                    new Signer(newest.getKeyID(), Es256.signer(newest)), Map.copyOf(verifiers), publicJson, now);
        } catch (JOSEException e) {
            throw new IllegalStateException("table signing_key holds something other than P-256 keys", e);
        }
    }

    private static ECKey parse(String jwk) {
        try {
            return ECKey.parse(jwk);
        } catch (ParseException e) {
            throw new IllegalStateException("table signing_key holds something other than keys", e);
        }
    }
}
