package chat.parley.account;

import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/** What people call themselves, for processes that need no more of them. Safe for use by many threads; throws {@link StoreUnavailable}. */
public final class DisplayNames {
    private static final String NAMES = "SELECT id, display_name FROM users WHERE id = ANY(:ids) AND erased_at IS NULL";

    private final Postgres postgres;

    /** @param postgres closed by the caller */
    public DisplayNames(Postgres postgres) {
        this.postgres = postgres;
    }

    /** The names of those of {@code users} that there are. */
    public Map<UserId, String> of(Collection<UserId> users) {
        Long[] ids = users.stream().map(UserId::value).distinct().toArray(Long[]::new);
        return postgres.with(db -> {
            var names = new HashMap<UserId, String>();
            db.createQuery(NAMES)
                    .bindArray("ids", Long.class, (Object[]) ids)
                    .map((row, context) -> Map.entry(new UserId(row.getLong("id")), row.getString("display_name")))
                    .forEach(name -> names.put(name.getKey(), name.getValue()));
            return names;
        });
    }
}
