package chat.parley.push;

import chat.parley.id.DeviceId;
import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import java.nio.ByteBuffer;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Where people can be woken. A device is in force while its login session is; people of outside issuers have none, and theirs are always in force. Safe for
 * use by many threads; throws {@link StoreUnavailable} when the outcome is unknown, and may be repeated.
 *
 * <p>Keeping {@link BackgroundHints} in step is the caller's part.
 */
public final class Devices {
    /** Devices of one person: each message may be sent to all of them. Who has more reinstalled apps. */
    public static final int PER_USER_MAX = 20;

    // Registrations of one target wait for each other: the second one finds the first one's row.
    private static final String LOCK_TARGET = "SELECT 1 FROM pg_advisory_xact_lock(:lock)";

    // The count below must hold; and an erasure under way comes either before, or after and finds the device.
    private static final String LOCK_OWNER =
            "SELECT id FROM users WHERE id = :user AND erased_at IS NULL FOR NO KEY UPDATE";

    // All rows that this registration touches, in one order, so that two of them cannot lock each other out.
    private static final String LOCK_ROWS = """
            SELECT user_id, id FROM device
            WHERE target_hash = :hash OR (user_id = :user AND id = :id)
            ORDER BY user_id, id FOR UPDATE
            """;

    private static final String TAKE_TARGET = """
            DELETE FROM device WHERE target_hash = :hash AND (user_id, id) <> (:user, :id)
            """;

    private static final String PUT = """
            INSERT INTO device (user_id, id, session_id, vendor, target, target_hash, locale, state, registered_at, state_at)
            VALUES (:user, :id, :session, :vendor, :target, :hash, :locale, :state, :now, :now)
            ON CONFLICT (user_id, id) DO UPDATE SET
                session_id = excluded.session_id, vendor = excluded.vendor, target = excluded.target, target_hash = excluded.target_hash,
                locale = excluded.locale, state = excluded.state, registered_at = excluded.registered_at, state_at = excluded.state_at
            """;

    private static final String PUSH_OUT = """
            DELETE FROM device
            WHERE user_id = :user AND id IN (
                SELECT id FROM device WHERE user_id = :user AND id <> :id ORDER BY registered_at DESC, id OFFSET :kept)
            """;

    /** {@code d} is the device's table in the statement. */
    private static final String IN_FORCE = """
            (d.session_id IS NULL OR EXISTS (
                SELECT FROM session s WHERE s.id = d.session_id AND s.ended_at IS NULL AND s.expires_at > :now))
            """;

    private static final String OF = """
            SELECT d.user_id, d.id, d.vendor, d.target, d.locale, d.state, d.registered_at FROM device d
            WHERE d.user_id = ANY(:users) AND\s""" + IN_FORCE + " ORDER BY d.user_id, d.registered_at DESC, d.id";

    /** In force or not: who asks it wants to be quick, and asks again before a push. */
    private static final String OWNERS = """
            SELECT wanted.id FROM unnest(:users) AS wanted (id)
            WHERE EXISTS (SELECT FROM device d WHERE d.user_id = wanted.id)
            """;

    private static final String SET_STATE =
            "UPDATE device d SET state = :state, state_at = :now WHERE d.user_id = :user AND d.id = :id AND "
                    + IN_FORCE;

    private static final String SESSION =
            "SELECT session_id FROM device WHERE user_id = :user AND id = :id AND session_id IS NOT NULL";

    private static final String REMOVE = "DELETE FROM device WHERE user_id = :user AND id = :id";

    private static final String FORGET = """
            DELETE FROM device
            WHERE user_id = :user AND id = :id AND target_hash = :hash AND registered_at <= :since AND registered_at = :read
            """;

    private static final String IN_BACKGROUND = """
            SELECT DISTINCT d.user_id FROM device d
            WHERE d.state = 'background' AND d.user_id > :after AND\s""" + IN_FORCE + " ORDER BY d.user_id LIMIT :limit";

    private static final String IS_ANY_IN_BACKGROUND =
            "SELECT EXISTS (SELECT FROM device d WHERE d.state = 'background' AND d.user_id = :user AND " + IN_FORCE
                    + ")";

    private static final String ERASE = "DELETE FROM device WHERE user_id = :user";

    private final Postgres postgres;
    private final InstantSource clock;

    /** {@code postgres} is closed by the caller. */
    public Devices(Postgres postgres, InstantSource clock) {
        this.postgres = postgres;
        this.clock = clock;
    }

    /**
     * Registers a device, or registers it again. Another device with this target is gone then, whoever has it: it is the same app or browser. The one registered longest ago makes
     * room when there would be more than {@link #PER_USER_MAX}.
     *
     * @param session with which it is in force; null: always
     */
    public PutOutcome put(
            UserId user,
            DeviceId id,
            @Nullable SessionId session,
            PushTarget target,
            Locale locale,
            DeviceState state) {
        byte[] hash = PushTargetJson.hash(target);
        return postgres.inTransaction(db -> {
            lock(db, user, hash);
            var locked = db.createQuery(LOCK_ROWS)
                    .bind("hash", hash)
                    .bind("user", user.value())
                    .bind("id", id.text())
                    .map((row, context) -> new Name(new UserId(row.getLong("user_id")), row.getString("id")))
                    .list();
            db.createUpdate(TAKE_TARGET)
                    .bind("hash", hash)
                    .bind("user", user.value())
                    .bind("id", id.text())
                    .execute();
            var device = new Device(user, id, target, locale, state, clock.instant());
            write(db, device, session, hash);
            db.createUpdate(PUSH_OUT)
                    .bind("user", user.value())
                    .bind("id", id.text())
                    .bind("kept", PER_USER_MAX - 1)
                    .execute();
            boolean wasKnown = locked.contains(new Name(user, id.text()));
            var formerOwners = othersThan(user, locked);
            return wasKnown
                    ? new PutOutcome.Renewed(device, formerOwners)
                    : new PutOutcome.Created(device, formerOwners);
        });
    }

    /** The person's devices in force, the one registered last first. */
    public List<Device> of(UserId user) {
        return of(List.of(user)).getOrDefault(user, List.of());
    }

    /** Like {@link #of(UserId)}, by one statement; people without any are left out. */
    public Map<UserId, List<Device>> of(Collection<UserId> users) {
        if (users.isEmpty()) {
            return Map.of();
        }
        Long[] ids = users.stream().map(UserId::value).toArray(Long[]::new);
        var found = postgres.with(db -> db.createQuery(OF)
                .bindArray("users", Long.class, (Object[]) ids)
                .bind("now", utc(clock.instant()))
                .map((row, context) -> device(row))
                .list());
        var byUser = new HashMap<UserId, List<Device>>();
        for (var device : found) {
            byUser.computeIfAbsent(device.user(), unused -> new ArrayList<>()).add(device);
        }
        return byUser;
    }

    /** Those of {@code users} who have any device, by one statement. Some may be in force no more. */
    public Set<UserId> owners(Collection<UserId> users) {
        Long[] ids = users.stream().map(UserId::value).toArray(Long[]::new);
        return new HashSet<>(postgres.<List<UserId>, RuntimeException>with(db -> db.createQuery(OWNERS)
                .bindArray("users", Long.class, (Object[]) ids)
                .map((row, context) -> new UserId(row.getLong("id")))
                .list()));
    }

    /** What the device says of itself; false if {@code user} has no such device in force. */
    public boolean setState(UserId user, DeviceId id, DeviceState state) {
        return postgres.<Integer, RuntimeException>with(db -> db.createUpdate(SET_STATE)
                        .bind("user", user.value())
                        .bind("id", id.text())
                        .bind("state", state.text())
                        .bind("now", utc(clock.instant()))
                        .execute())
                > 0;
    }

    /** The login session with which the device is in force; null where there is none, or no such device. */
    public @Nullable SessionId session(UserId user, DeviceId id) {
        return postgres.<Optional<SessionId>, RuntimeException>with(db -> db.createQuery(SESSION)
                        .bind("user", user.value())
                        .bind("id", id.text())
                        .map((row, context) -> new SessionId(row.getLong("session_id")))
                        .findOne())
                .orElse(null);
    }

    /** Removes it, in force or not; false if {@code user} has no such device. */
    public boolean remove(UserId user, DeviceId id) {
        return postgres.<Integer, RuntimeException>with(db -> db.createUpdate(REMOVE)
                        .bind("user", user.value())
                        .bind("id", id.text())
                        .execute())
                > 0;
    }

    /**
     * Removes a device of which its vendor says that it is gone; false if it has another target by now, or was registered again.
     *
     * @param since when it went: a device registered later is another one
     */
    public boolean forget(Device device, Instant since) {
        return postgres.<Integer, RuntimeException>with(db -> db.createUpdate(FORGET)
                        .bind("user", device.user().value())
                        .bind("id", device.id().text())
                        .bind("hash", PushTargetJson.hash(device.target()))
                        .bind("since", utc(since))
                        .bind("read", utc(device.registeredAt()))
                        .execute())
                > 0;
    }

    /** People with a device in force and in the background, by id, after this one; at most {@code limit}. */
    public List<UserId> inBackground(UserId after, int limit) {
        return postgres.with(db -> db.createQuery(IN_BACKGROUND)
                .bind("after", after.value())
                .bind("now", utc(clock.instant()))
                .bind("limit", limit)
                .map((row, context) -> new UserId(row.getLong("user_id")))
                .list());
    }

    /** Whether {@code user} has a device in force and in the background. */
    public boolean isAnyInBackground(UserId user) {
        return postgres.with(db -> db.createQuery(IS_ANY_IN_BACKGROUND)
                .bind("user", user.value())
                .bind("now", utc(clock.instant()))
                .mapTo(Boolean.class)
                .one());
    }

    /** Removes all of them. */
    public void erase(UserId user) {
        postgres.<Integer, RuntimeException>with(
                db -> db.createUpdate(ERASE).bind("user", user.value()).execute());
    }

    private record Name(UserId user, String device) {}

    private static void lock(Handle db, UserId user, byte[] hash) {
        db.createQuery(LOCK_TARGET)
                .bind("lock", ByteBuffer.wrap(hash).getLong())
                .mapTo(Integer.class)
                .one();
        var owner = db.createQuery(LOCK_OWNER)
                .bind("user", user.value())
                .mapTo(Long.class)
                .findOne();
        if (owner.isEmpty()) {
            // Erased since the request was authenticated: a repeated one is refused.
            throw new StoreUnavailable("devices", new IllegalStateException("erased meanwhile"));
        }
    }

    private static void write(Handle db, Device device, @Nullable SessionId session, byte[] hash) {
        db.createUpdate(PUT)
                .bind("user", device.user().value())
                .bind("id", device.id().text())
                .bind("session", session == null ? null : session.value())
                .bind("vendor", device.target().vendor().text())
                .bind("target", PushTargetJson.text(device.target()))
                .bind("hash", hash)
                .bind("locale", device.locale().toLanguageTag())
                .bind("state", device.state().text())
                .bind("now", utc(device.registeredAt()))
                .execute();
    }

    private static Set<UserId> othersThan(UserId user, List<Name> names) {
        var others = new HashSet<UserId>();
        names.forEach(name -> others.add(name.user()));
        others.remove(user);
        return others;
    }

    private static Device device(ResultSet row) throws SQLException {
        return new Device(
                new UserId(row.getLong("user_id")),
                new DeviceId(row.getString("id")),
                PushTargetJson.read(Vendor.of(row.getString("vendor")), row.getString("target")),
                Locale.forLanguageTag(row.getString("locale")),
                DeviceState.of(row.getString("state")),
                row.getObject("registered_at", OffsetDateTime.class).toInstant());
    }

    private static OffsetDateTime utc(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
