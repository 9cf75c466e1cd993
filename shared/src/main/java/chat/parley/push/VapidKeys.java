package chat.parley.push;

import chat.parley.ops.Secret;
import chat.parley.postgres.Postgres;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import java.security.interfaces.ECPrivateKey;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The key pair that proves to web push services who sends (RFC 8292), one for the whole installation: whichever process needs it first makes it, and it is
 * kept for ever, since every subscription is bound to it. Safe for use by many threads; throws {@link chat.parley.ops.StoreUnavailable}
 * when PostgreSQL is away and the pair was not read before.
 */
public final class VapidKeys {
    /** Of an uncompressed point, before its two coordinates (SEC 1, 2.3.3). */
    private static final byte UNCOMPRESSED = 4;

    private static final int COORDINATE_BYTES = 32;

    private static final String READ = "SELECT public_key, private_key FROM vapid_key";
    private static final String INSERT = """
            INSERT INTO vapid_key (public_key, private_key, created_at) VALUES (:public_key, :private_key, :created_at)
            ON CONFLICT DO NOTHING
            """;

    private final Postgres postgres;
    private final InstantSource clock;
    private volatile @Nullable Pair known;

    /** Reads when first asked; {@code postgres} is closed by the caller. */
    public VapidKeys(Postgres postgres, InstantSource clock) {
        this.postgres = postgres;
        this.clock = clock;
    }

    /**
     * Both halves, as other programs keep them too.
     *
     * @param publicKey the uncompressed point of P-256 in base64url
     * @param privateKey the number in base64url
     */
    public record Pair(String publicKey, Secret privateKey) {
        /** The private half as Java signs with it. */
        public ECPrivateKey signingKey() {
            byte[] point = new Base64URL(publicKey).decode();
            if (point.length != 1 + 2 * COORDINATE_BYTES || point[0] != UNCOMPRESSED) {
                throw new IllegalStateException("table vapid_key holds something other than an uncompressed point");
            }
            var x = Base64URL.encode(Arrays.copyOfRange(point, 1, 1 + COORDINATE_BYTES));
            var y = Base64URL.encode(Arrays.copyOfRange(point, 1 + COORDINATE_BYTES, point.length));
            try {
                return new ECKey.Builder(Curve.P_256, x, y)
                        .d(new Base64URL(privateKey.reveal()))
                        .build()
                        .toECPrivateKey();
            } catch (IllegalStateException | JOSEException e) {
                throw new IllegalStateException("table vapid_key holds something other than a P-256 pair", e);
            }
        }
    }

    /** What browsers take for {@code applicationServerKey}: the uncompressed point in base64url, 87 characters. */
    public String publicKey() {
        return pair().publicKey();
    }

    /** Both halves. */
    public Pair pair() {
        var pair = known;
        if (pair == null) {
            pair = postgres.with(this::readOrMake); // threads that come together read the same
            known = pair;
        }
        return pair;
    }

    private Pair readOrMake(Handle db) {
        return read(db).or(() -> {
                    insert(db, make());
                    return read(db); // ours, or of the process that was first
                })
                .orElseThrow(() -> new IllegalStateException("nothing deletes from table vapid_key"));
    }

    private static Optional<Pair> read(Handle db) {
        return db.createQuery(READ)
                .map((row, context) -> new Pair(row.getString("public_key"), new Secret(row.getString("private_key"))))
                .findOne();
    }

    private void insert(Handle db, Pair pair) {
        db.createUpdate(INSERT)
                .bind("public_key", pair.publicKey())
                .bind("private_key", pair.privateKey().reveal())
                .bind("created_at", clock.instant().atOffset(ZoneOffset.UTC))
                .execute();
    }

    private static Pair make() {
        ECKey key;
        try {
            key = new ECKeyGenerator(Curve.P_256).generate();
        } catch (JOSEException e) {
            throw new IllegalStateException("every Java makes P-256 keys", e);
        }
        byte[] point = new byte[1 + 2 * COORDINATE_BYTES];
        point[0] = UNCOMPRESSED;
        System.arraycopy(key.getX().decode(), 0, point, 1, COORDINATE_BYTES);
        System.arraycopy(key.getY().decode(), 0, point, 1 + COORDINATE_BYTES, COORDINATE_BYTES);
        return new Pair(
                Base64URL.encode(point).toString(), new Secret(key.getD().toString()));
    }
}
