package chat.parley.account;

import static chat.parley.account.Users.utc;

import chat.parley.id.IdSource;
import chat.parley.id.UserId;
import chat.parley.postgres.Postgres;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.jspecify.annotations.Nullable;

/** Which user an outside issuer's subject is. Safe for use by many threads. */
final class Identities {
    private static final Duration REMEMBERED_FOR = Duration.ofHours(1);
    private static final int REMEMBERED_MAX = 100_000;

    /** Five characters make 60 million endings of a name, so the second try nearly always does. */
    private static final int ENDING_CHARS = 5;

    private static final int NAME_TRIES = 5;

    // One statement, whether the subject is known or new. Of two nodes that see it first, one stores both rows, the
    // other none.
    private static final String FIND_OR_MAKE = """
            WITH known AS (
                SELECT user_id FROM identity WHERE issuer = :issuer AND subject = :subject
            ), made AS (
                INSERT INTO users (id, username, display_name, search_name, created_at)
                SELECT :id, :username, :display_name, :search_name, :created_at
                WHERE NOT EXISTS (SELECT 1 FROM known)
                    AND NOT EXISTS (
                        SELECT 1 FROM erased_subject
                        WHERE hash = sha256(convert_to(:issuer || E'\\n' || :subject, 'UTF8')) AND erased_at >= :issued_at)
                ON CONFLICT DO NOTHING
                RETURNING id
            ), linked AS (
                INSERT INTO identity (issuer, subject, user_id) SELECT :issuer, :subject, id FROM made
                RETURNING user_id
            )
            SELECT user_id FROM known UNION ALL SELECT user_id FROM linked
            """;

    private static final String IS_ERASED = """
            SELECT EXISTS (
                SELECT FROM erased_subject
                WHERE hash = sha256(convert_to(:issuer || E'\\n' || :subject, 'UTF8')) AND erased_at >= :issued_at)
            """;

    private final Postgres postgres;
    private final IdSource ids;
    private final InstantSource clock;
    private final SecureRandom random;
    private final Cache<Subject, UserId> known;

    Identities(Postgres postgres, IdSource ids, InstantSource clock, Ticker ticker, SecureRandom random) {
        this.postgres = postgres;
        this.ids = ids;
        this.clock = clock;
        this.random = random;
        this.known = Caffeine.newBuilder()
                .ticker(ticker)
                .expireAfterAccess(REMEMBERED_FOR)
                .maximumSize(REMEMBERED_MAX)
                .build();
    }

    /** A person as an issuer names them. */
    record Subject(String issuer, String subject) {}

    /**
     * How a token calls a person.
     *
     * @param issuedAt when it says so; the beginning of time where it does not tell
     */
    record Claims(
            @Nullable String preferredUsername, @Nullable String name, Instant issuedAt) {}

    /**
     * The user that {@code subject} is, made now if there was none: the names count then only. Empty for a token from before the person was
     * erased, which must not make them anew; a later login at the issuer makes somebody new.
     */
    Optional<UserId> userOf(Subject subject, Claims claims) {
        var user = known.getIfPresent(subject);
        if (user != null) {
            return Optional.of(user);
        }
        var made = findOrMake(subject, Username.nearest(claims.preferredUsername), claims);
        made.ifPresent(id -> known.put(subject, id));
        return made;
    }

    /** Drops what is remembered of this person, who was erased. Rare, so it looks through everything. */
    void forget(UserId user) {
        known.asMap().values().removeIf(user::equals);
    }

    private Optional<UserId> findOrMake(Subject subject, Username wanted, Claims claims) {
        var username = wanted;
        for (int tries = 0; tries < NAME_TRIES; tries++) {
            var user = new User(ids.user(), username, DisplayName.nearest(claims.name, wanted), null, clock.instant());
            var found = findOrMake(subject, user, claims.issuedAt);
            if (found.isPresent()) {
                return found;
            }
            if (isErased(subject, claims.issuedAt)) {
                return Optional.empty();
            }
            username = wanted.with(ending());
        }
        throw new IllegalStateException("no free username near " + wanted + " in " + NAME_TRIES + " tries");
    }

    /** Empty if the name was taken, or if another request made this subject's user just now: to be tried again. */
    private Optional<UserId> findOrMake(Subject subject, User user, Instant issuedAt) {
        try {
            return postgres.with(db -> db.createQuery(FIND_OR_MAKE)
                    .bind("issuer", subject.issuer())
                    .bind("subject", subject.subject())
                    .bind("id", user.id().value())
                    .bind("username", user.username().text())
                    .bind("display_name", user.displayName().text())
                    .bind("search_name", DisplayName.folded(user.displayName().text()))
                    .bind("created_at", utc(user.createdAt()))
                    .bind("issued_at", utc(issuedAt))
                    .map((row, context) -> new UserId(row.getLong("user_id")))
                    .findOne());
        } catch (UnableToExecuteStatementException e) {
            if (Users.isConflict(e)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private boolean isErased(Subject subject, Instant issuedAt) {
        return postgres.with(db -> db.createQuery(IS_ERASED)
                .bind("issuer", subject.issuer())
                .bind("subject", subject.subject())
                .bind("issued_at", utc(issuedAt))
                .mapTo(Boolean.class)
                .one());
    }

    private String ending() {
        String digits = Long.toString(random.nextLong(60_466_176L), 36).toLowerCase(Locale.ROOT); // 36^5
        return "0".repeat(ENDING_CHARS - digits.length()) + digits;
    }
}
