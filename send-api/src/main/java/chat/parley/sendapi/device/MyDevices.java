package chat.parley.sendapi.device;

import chat.parley.account.Caller;
import chat.parley.event.EventLog;
import chat.parley.id.DeviceId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.push.BackgroundHints;
import chat.parley.push.Device;
import chat.parley.push.DeviceState;
import chat.parley.push.Devices;
import chat.parley.push.PushJob;
import chat.parley.push.PushJobs;
import chat.parley.push.PushQueue;
import chat.parley.push.PushTarget;
import chat.parley.push.PutOutcome;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The caller's devices, and what hangs on them: the hint that somebody is to be woken although connected, and the streams of a device that goes into the background. The devices are durable
 * when a method returns; the rest is in Redis, and where that is away it is counted, and the hint set later. A Redis that lost its hints is mended by the notifier.
 *
 * <p>Safe for use by many threads; throws {@link StoreUnavailable} when PostgreSQL is away, and may be repeated.
 */
public final class MyDevices {
    /** How often to call {@link #catchUp}. Until then somebody who has a stream open is not woken elsewhere. */
    public static final Duration CATCH_UP_PAUSE = Duration.ofSeconds(5);

    /** People whose hints wait for Redis: those who changed a device in an hour or so. Who comes after them is mended by the next change. */
    private static final int BEHIND_MAX = 10_000;

    private static final Logger LOG = LoggerFactory.getLogger(MyDevices.class);

    private final Devices devices;
    private final BackgroundHints hints;
    private final EventLog events;
    private final PushQueue pushes;
    private final InstantSource clock;
    private final Counter untold;
    private final Set<UserId> behind = ConcurrentHashMap.newKeySet();

    /** @param events tells stream nodes whose streams end */
    public MyDevices(
            Devices devices,
            BackgroundHints hints,
            EventLog events,
            PushQueue pushes,
            InstantSource clock,
            MeterRegistry meters) {
        this.devices = devices;
        this.hints = hints;
        this.events = events;
        this.pushes = pushes;
        this.clock = clock;
        this.untold = meters.counter("parley.devices.untold");
    }

    /** Registers a device under the caller's login, or renews it. */
    public PutOutcome put(Caller caller, DeviceId id, PushTarget target, Locale locale, DeviceState state) {
        var outcome = devices.put(caller.user(), id, caller.session(), target, locale, state);
        hint(caller.user());
        outcome.formerOwners().forEach(this::hint);
        return outcome;
    }

    /** The person's devices in force, the one registered last first. */
    public List<Device> of(UserId user) {
        return devices.of(user);
    }

    /** False if {@code user} has no such device. */
    public boolean remove(UserId user, DeviceId id) {
        boolean isRemoved = devices.remove(user, id);
        if (isRemoved) {
            hint(user);
        }
        return isRemoved;
    }

    /** What a device says of itself; false if {@code user} has no such device in force. Its streams end when it goes into the background. */
    public boolean setState(UserId user, DeviceId id, DeviceState state) {
        if (!devices.setState(user, id, state)) {
            return false;
        }
        var session = state == DeviceState.BACKGROUND ? devices.session(user, id) : null;
        hint(user);
        if (session != null) {
            tell(() -> events.sessionPaused(user, session));
        }
        return true;
    }

    /**
     * Has a test push made for one device; false if {@code user} has no such device in force.
     *
     * @throws StoreUnavailable also when it could not be queued
     */
    public boolean test(UserId user, DeviceId id) {
        if (devices.of(user).stream().noneMatch(device -> device.id().equals(id))) {
            return false;
        }
        var job = new PushJob.Test(user, clock.instant(), new PushJob.Only(id, 0));
        if (!pushes.add(List.of(new PushJobs.Later(job, Duration.ZERO))).join()) {
            throw new StoreUnavailable("redis", new IllegalStateException("the push was not queued"));
        }
        return true;
    }

    /** Sets the hints that could not be set when they changed. */
    public void catchUp() {
        for (var user : List.copyOf(behind)) {
            behind.remove(user); // before: what changes meanwhile is written down anew
            hint(user);
            if (behind.contains(user)) {
                return; // Redis is away still
            }
        }
    }

    private void hint(UserId user) {
        if (!tell(() -> hints.follow(user, () -> devices.isAnyInBackground(user))) && behind.size() < BEHIND_MAX) {
            behind.add(user);
        }
    }

    private boolean tell(Runnable work) {
        try {
            work.run();
            return true;
        } catch (StoreUnavailable e) {
            untold.increment();
            LOG.warn("a device changed, and its hint or its streams did not follow yet: {}", e.getMessage());
            return false;
        }
    }
}
