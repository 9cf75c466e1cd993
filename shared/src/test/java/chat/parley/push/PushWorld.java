package chat.parley.push;

import chat.parley.id.DeviceId;
import chat.parley.id.IdSource;
import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import chat.parley.postgres.Postgres;
import chat.parley.push.PushTarget.Fcm;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.StepClock;
import chat.parley.testkit.TestIds;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.Locale;

/** People with devices, over the real stores. */
final class PushWorld implements AutoCloseable {
    private static final IdSource IDS = TestIds.fresh();

    final StepClock clock = StepClock.started();
    final Postgres postgres;
    final Devices devices;
    final PushChoices choices;

    PushWorld(RealPostgres server) {
        postgres = Postgres.open(server.address(), 8);
        devices = new Devices(postgres, clock);
        choices = new PushChoices(postgres);
    }

    UserId person() {
        var user = IDS.user();
        postgres.with(db -> db.execute("""
                INSERT INTO users (id, username, display_name, search_name, created_at)
                VALUES (?, ?, 'Someone', 'someone', now())
                """, user.value(), "u" + user.value()));
        return user;
    }

    void erase(UserId user) {
        postgres.with(db -> db.execute("UPDATE users SET erased_at = now() WHERE id = ?", user.value()));
    }

    SessionId session(UserId user, Duration life) {
        var session = IDS.session();
        var now = clock.instant().atOffset(ZoneOffset.UTC);
        postgres.with(db -> db.execute(
                """
                INSERT INTO session (id, user_id, family_hash, refresh_hash, created_at, last_used_at, expires_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
                session.value(),
                user.value(),
                session.toString().getBytes(StandardCharsets.UTF_8),
                new byte[32],
                now,
                now,
                clock.instant().plus(life).atOffset(ZoneOffset.UTC)));
        return session;
    }

    void end(SessionId session) {
        postgres.with(db -> db.execute("UPDATE session SET ended_at = now() WHERE id = ?", session.value()));
    }

    void delete(SessionId session) {
        postgres.with(db -> db.execute("DELETE FROM session WHERE id = ?", session.value()));
    }

    /** Of nobody's login, in the background. */
    PutOutcome put(UserId user, String id, String token) {
        return devices.put(user, new DeviceId(id), null, new Fcm(token), Locale.ENGLISH, DeviceState.BACKGROUND);
    }

    @Override
    public void close() {
        postgres.close();
    }
}
