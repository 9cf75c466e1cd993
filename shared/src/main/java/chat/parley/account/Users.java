package chat.parley.account;

import chat.parley.id.IdSource;
import chat.parley.id.MediaId;
import chat.parley.id.UserId;
import chat.parley.postgres.Postgres;
import java.security.MessageDigest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.jspecify.annotations.Nullable;

/** People. Safe for use by many threads; throws {@link chat.parley.ops.StoreUnavailable} when the outcome is unknown. */
public final class Users {
    /** An id is given out twice about never; a handful of repeats in a row means that something else is wrong. */
    private static final int ID_TRIES = 5;

    /** Sorts behind every text that continues a prefix. */
    private static final String LAST_CHARACTER = Character.toString(Character.MAX_CODE_POINT);

    private static final String COLUMNS = "id, username, display_name, avatar_media_id, created_at";

    private static final String INSERT = """
            INSERT INTO users (id, username, display_name, search_name, password_hash, sign_up_key_hash, created_at)
            VALUES (:id, :username, :display_name, :search_name, :password_hash, :sign_up_key_hash, :created_at)
            ON CONFLICT DO NOTHING
            """;
    private static final String BY_ID = "SELECT " + COLUMNS + " FROM users WHERE id = :id AND erased_at IS NULL";
    private static final String BY_USERNAME =
            "SELECT " + COLUMNS + ", password_hash, sign_up_key_hash FROM users WHERE username = :username";
    private static final String LOGIN_BY_ID =
            "SELECT " + COLUMNS + ", password_hash, sign_up_key_hash FROM users WHERE id = :id AND erased_at IS NULL";
    private static final String EXISTING = "SELECT id FROM users WHERE id = ANY(:ids) AND erased_at IS NULL";
    private static final String RENAME = """
            UPDATE users SET display_name = :display_name, search_name = :search_name WHERE id = :id AND erased_at IS NULL
            RETURNING
            """ + COLUMNS;

    private static final String SET_AVATAR =
            "UPDATE users SET avatar_media_id = :media WHERE id = :id AND erased_at IS NULL RETURNING " + COLUMNS;

    // Two lists one after the other, each read in the order of its index: whose username matches, then whose name alone
    // does. Ranges
    // instead of LIKE: nothing to escape, and the index serves them under every plan.
    private static final String SEARCH_USERNAMES = "SELECT " + COLUMNS + " FROM users" + """
             WHERE username >= :prefix AND username < :prefix_end AND username > :after
            ORDER BY username LIMIT :limit
            """;
    private static final String SEARCH_NAMES = "SELECT " + COLUMNS + ", search_name FROM users" + """
             WHERE search_name >= :prefix AND search_name < :prefix_end AND (search_name, id) > (:after, :after_id)
              AND NOT (username >= :prefix AND username < :prefix_end)
            ORDER BY search_name, id LIMIT :limit
            """;

    private final Postgres postgres;
    private final IdSource ids;
    private final InstantSource clock;

    Users(Postgres postgres, IdSource ids, InstantSource clock) {
        this.postgres = postgres;
        this.ids = ids;
        this.clock = clock;
    }

    /** What became of a wish for a new account. */
    public sealed interface Created {
        /** Stored. */
        record Fresh(User user) implements Created {}

        /** The username belongs to this account already. */
        record Taken(Login holder) implements Created {}
    }

    /**
     * An account with what a login compares.
     *
     * @param passwordHash null for people of outside issuers
     * @param signUpKeyHash of the Idempotency-Key it was made with, null for none
     */
    public record Login(User user, @Nullable String passwordHash, byte @Nullable [] signUpKeyHash) {}

    /** Stores a new account. {@code signUpKey} is the request's Idempotency-Key; only its hash is kept. */
    public Created create(Username username, DisplayName displayName, String passwordHash, @Nullable String signUpKey) {
        for (int tries = 0; tries < ID_TRIES; tries++) {
            var user = new User(ids.user(), username, displayName, null, clock.instant());
            byte[] keyHash = signUpKey == null ? null : OpaqueSecrets.hash(signUpKey);
            if (postgres.with(db -> insert(db, user, passwordHash, keyHash))) {
                return new Created.Fresh(user);
            }
            var holder = login(username);
            if (holder.isPresent()) {
                return new Created.Taken(holder.get());
            }
        }
        throw new IllegalStateException("no free user id in " + ID_TRIES + " tries");
    }

    /** Whether {@code key} is the Idempotency-Key that {@code account} was made with. */
    public static boolean wasMadeWith(Login account, String key) {
        return account.signUpKeyHash() != null
                && MessageDigest.isEqual(account.signUpKeyHash(), OpaqueSecrets.hash(key));
    }

    /** The account that logs in as {@code username}. */
    public Optional<Login> login(Username username) {
        return postgres.with(db -> db.createQuery(BY_USERNAME)
                .bind("username", username.text())
                .map((row, context) -> login(row))
                .findOne());
    }

    /** The account of this person, with what a login compares. */
    public Optional<Login> login(UserId id) {
        return postgres.with(db -> db.createQuery(LOGIN_BY_ID)
                .bind("id", id.value())
                .map((row, context) -> login(row))
                .findOne());
    }

    private static Login login(ResultSet row) throws SQLException {
        return new Login(user(row), row.getString("password_hash"), row.getBytes("sign_up_key_hash"));
    }

    /** One person. */
    public Optional<User> find(UserId id) {
        return postgres.with(db -> db.createQuery(BY_ID)
                .bind("id", id.value())
                .map((row, context) -> user(row))
                .findOne());
    }

    /** Those of {@code wanted} that there are. */
    public Set<UserId> existing(Collection<UserId> wanted) {
        Long[] values = wanted.stream().map(UserId::value).toArray(Long[]::new);
        return postgres.with(db -> new HashSet<>(db.createQuery(EXISTING)
                .bindArray("ids", Long.class, (Object[]) values)
                .map((row, context) -> new UserId(row.getLong("id")))
                .list()));
    }

    /** Changes the display name; empty if there is no such person. */
    public Optional<User> rename(UserId id, DisplayName name) {
        return postgres.with(db -> db.createQuery(RENAME)
                .bind("id", id.value())
                .bind("display_name", name.text())
                .bind("search_name", DisplayName.folded(name.text()))
                .map((row, context) -> user(row))
                .findOne());
    }

    /**
     * Gives a person a picture, or none; empty if there is no such person.
     *
     * @param media a finished picture that the person uploaded; null for none
     */
    public Optional<User> setAvatar(UserId id, @Nullable MediaId media) {
        return postgres.with(db -> db.createQuery(SET_AVATAR)
                .bind("id", id.value())
                .bind("media", media == null ? null : media.value())
                .map((row, context) -> user(row))
                .findOne());
    }

    /**
     * People whose username or display name begins with {@code prefix}, in any case: first those of the username, in its order, then
     * the others by display name.
     *
     * @param after where the page before ended
     * @param limit most people answered, from 1 to 100
     */
    public Found search(String prefix, UserSearchCursor after, int limit) {
        String folded = DisplayName.folded(prefix);
        return postgres.with(db -> {
            var found = new ArrayList<User>();
            var end = after;
            int wanted = limit + 1; // one more tells whether there is a next page
            if (!after.pastUsernames()) {
                db.createQuery(SEARCH_USERNAMES)
                        .bind("prefix", folded)
                        .bind("prefix_end", folded + LAST_CHARACTER)
                        .bind("after", after.key())
                        .bind("limit", wanted)
                        .map((row, context) -> user(row))
                        .forEach(found::add);
                if (found.size() > limit) {
                    found.removeLast();
                    return new Found(
                            found,
                            UserSearchCursor.afterUsername(found.getLast().username()));
                }
                end = UserSearchCursor.PAST_USERNAMES;
            }
            return withNames(db, folded, end, found, wanted - found.size(), limit);
        });
    }

    /** One page; {@code next} is null when there is no other. */
    public record Found(List<User> users, @Nullable UserSearchCursor next) {}

    private static Found withNames(
            Handle db, String folded, UserSearchCursor after, List<User> found, int wanted, int limit) {
        db.createQuery(SEARCH_NAMES)
                .bind("prefix", folded)
                .bind("prefix_end", folded + LAST_CHARACTER)
                .bind("after", after.key())
                .bind("after_id", after.id())
                .bind("limit", wanted)
                .map((row, context) -> user(row))
                .forEach(found::add);
        if (found.size() <= limit) {
            return new Found(found, null);
        }
        found.removeLast();
        var last = found.getLast();
        // The page may end exactly with the last of the usernames.
        boolean isByName = found.size() > limit - (wanted - 1);
        return new Found(found, isByName ? UserSearchCursor.afterName(last) : UserSearchCursor.PAST_USERNAMES);
    }

    static boolean insert(Handle db, User user, @Nullable String passwordHash, byte @Nullable [] signUpKeyHash) {
        return db.createUpdate(INSERT)
                        .bind("id", user.id().value())
                        .bind("username", user.username().text())
                        .bind("display_name", user.displayName().text())
                        .bind(
                                "search_name",
                                DisplayName.folded(user.displayName().text()))
                        .bind("password_hash", passwordHash)
                        .bind("sign_up_key_hash", signUpKeyHash)
                        .bind("created_at", utc(user.createdAt()))
                        .execute()
                == 1;
    }

    /** Whether a unique key was violated: SQLSTATE 23505. */
    static boolean isConflict(UnableToExecuteStatementException failure) {
        return failure.getCause() instanceof SQLException sql && "23505".equals(sql.getSQLState());
    }

    static OffsetDateTime utc(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }

    static Instant instant(ResultSet row, String column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    private static User user(ResultSet row) throws SQLException {
        long avatar = row.getLong("avatar_media_id");
        var picture = row.wasNull() ? null : new MediaId(avatar);
        return new User(
                new UserId(row.getLong("id")),
                new Username(row.getString("username")),
                new DisplayName(row.getString("display_name")),
                picture,
                instant(row, "created_at"));
    }
}
