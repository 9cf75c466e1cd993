package chat.parley.push;

import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import chat.parley.push.PushPreferences.QuietHours;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How each person wants to be woken, over all conversations. Safe for use by many threads; throws {@link StoreUnavailable} when the outcome is unknown, and may be repeated.
 */
public final class PushChoices {
    private static final String OF = """
            SELECT user_id, preview, quiet_from, quiet_to, time_zone FROM push_preference WHERE user_id = ANY(:users)
            """;

    // The lock: an erasure under way comes either before, or after and finds the row.
    private static final String SET = """
            INSERT INTO push_preference (user_id, preview, quiet_from, quiet_to, time_zone)
            SELECT id, :preview, CAST(:from AS time), CAST(:to AS time), :zone
            FROM users WHERE id = :user AND erased_at IS NULL FOR KEY SHARE
            ON CONFLICT (user_id) DO UPDATE SET
                preview = excluded.preview, quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to, time_zone = excluded.time_zone
            """;

    private static final String ERASE = "DELETE FROM push_preference WHERE user_id = :user";

    private final Postgres postgres;

    /** {@code postgres} is closed by the caller. */
    public PushChoices(Postgres postgres) {
        this.postgres = postgres;
    }

    /** The person's choice, or the default. */
    public PushPreferences of(UserId user) {
        return of(List.of(user)).getOrDefault(user, PushPreferences.DEFAULT);
    }

    /** Like {@link #of(UserId)}, by one statement; everybody asked for is in it. */
    public Map<UserId, PushPreferences> of(Collection<UserId> users) {
        if (users.isEmpty()) {
            return Map.of();
        }
        Long[] ids = users.stream().map(UserId::value).toArray(Long[]::new);
        var found = new HashMap<UserId, PushPreferences>();
        users.forEach(user -> found.put(user, PushPreferences.DEFAULT));
        postgres.with(db -> db.createQuery(OF)
                        .bindArray("users", Long.class, (Object[]) ids)
                        .map((row, context) -> Map.entry(new UserId(row.getLong("user_id")), preferences(row)))
                        .list())
                .forEach(entry -> found.put(entry.getKey(), entry.getValue()));
        return found;
    }

    /** Keeps the choice as a whole. */
    public void set(UserId user, PushPreferences preferences) {
        var quiet = preferences.quietHours();
        postgres.<Integer, RuntimeException>with(db -> db.createUpdate(SET)
                .bind("user", user.value())
                .bind("preview", preferences.preview())
                .bind("from", quiet == null ? null : quiet.from().toString())
                .bind("to", quiet == null ? null : quiet.to().toString())
                .bind("zone", quiet == null ? null : quiet.zone().getId())
                .execute());
    }

    /** Back to the default, without a trace. */
    public void erase(UserId user) {
        postgres.<Integer, RuntimeException>with(
                db -> db.createUpdate(ERASE).bind("user", user.value()).execute());
    }

    private static PushPreferences preferences(ResultSet row) throws SQLException {
        return new PushPreferences(row.getBoolean("preview"), quietHours(row));
    }

    private static @Nullable QuietHours quietHours(ResultSet row) throws SQLException {
        String zone = row.getString("time_zone");
        if (zone == null) {
            return null;
        }
        return new QuietHours(
                row.getObject("quiet_from", LocalTime.class),
                row.getObject("quiet_to", LocalTime.class),
                ZoneId.of(zone));
    }
}
