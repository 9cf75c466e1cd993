package chat.parley.stream;

import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.presence.PresenceLeases;
import chat.parley.presence.PresenceLeases.Connected;
import chat.parley.stream.PresenceMeters.Work;
import java.util.ArrayList;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Speaks for the people whose streams this node holds. Whoever connected or left since the last tick is said in one go, and each tick renews a part
 * of all leases, so that no moment has more to do than another. It remembers nothing: what was not said, because Redis was away, is said with
 * the next renewal, or ends by itself.
 *
 * <p>The first thing to give way: under load leases are renewed as seldom as they allow, and nothing is announced.
 */
final class PresenceWatch {
    /** Each lease is renewed once in so many ticks: three times in its life of 90 s, and a few seconds are left for one that is late. */
    static final int PERIOD_TICKS = 28;

    /** Renewals left out in a row at most; the next one is still in time. */
    static final int SKIPS_MAX = 2;

    private static final Logger LOG = LoggerFactory.getLogger(PresenceWatch.class);

    /** Redis answers in a millisecond or two; when it takes so long it has more important things to do. */
    private static final long SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final SubscriberRegistry registry;
    private final PresenceLeases leases;
    private final PresenceAnnouncer announcer;
    private final String node;
    private final BooleanSupplier busy;
    private final PresenceMeters meters;
    private final Set<UserId> changed = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean working = new AtomicBoolean();
    private final int[] skips = new int[PERIOD_TICKS];
    private int tick;
    private volatile boolean slow;
    private volatile boolean standsStill;
    private volatile boolean leaving;

    /**
     * Hears of every change of {@code registry} from now on.
     *
     * @param node names this process among all that ever ran; short, since it stands with every person
     * @param busy whether there is more important work than presence
     */
    PresenceWatch(
            SubscriberRegistry registry,
            PresenceLeases leases,
            PresenceAnnouncer announcer,
            String node,
            BooleanSupplier busy,
            PresenceMeters meters) {
        this.registry = registry;
        this.leases = leases;
        this.announcer = announcer;
        this.node = node;
        this.busy = busy;
        this.meters = meters;
        registry.onChange(changed::add);
    }

    /** Lets a second pass. Blocks while Redis answers; a call that comes meanwhile does nothing. */
    void tick() {
        if (leaving || !working.compareAndSet(false, true)) {
            return;
        }
        try {
            boolean isBusy = slow || busy.getAsBoolean();
            long begun = System.nanoTime();
            keep(isBusy);
            if (isBusy) {
                meters.skipped(Work.ANNOUNCEMENT);
            } else {
                announcer.look();
            }
            slow = System.nanoTime() - begun > SLOW_NANOS;
            standsStill = false;
        } catch (StoreUnavailable e) {
            if (!standsStill) {
                LOG.warn("presence stands still: {}", e.getMessage());
            }
            standsStill = true; // said once, not every second
        } catch (RuntimeException e) {
            LOG.error("presence failed; the next tick goes on", e);
        } finally {
            working.set(false);
        }
    }

    /**
     * This node leaves: its people are spoken for once more, and then no more. Until their leases end they have connected elsewhere, and nobody
     * is told of anything. Blocks.
     */
    void leave() {
        if (leaving) {
            return;
        }
        leaving = true;
        var everyone = new ArrayList<Connected>();
        registry.forEachUser(user -> everyone.add(connected(user)));
        try {
            leases.keep(node, everyone);
        } catch (StoreUnavailable e) {
            LOG.warn("leases were not renewed before leaving: {}", e.getMessage());
        }
    }

    private void keep(boolean isBusy) {
        int slot = tick++ % PERIOD_TICKS;
        var people = new ArrayList<Connected>();
        for (var users = changed.iterator(); users.hasNext(); ) {
            var user = users.next();
            users.remove(); // before it is looked at: a change that comes now is for the next tick
            people.add(connected(user));
        }
        if (isBusy && skips[slot] < SKIPS_MAX) {
            skips[slot]++;
            meters.skipped(Work.RENEWAL);
        } else {
            skips[slot] = 0;
            registry.forEachUser(user -> {
                if (Math.floorMod(user.hashCode(), PERIOD_TICKS) == slot) {
                    people.add(connected(user));
                }
            });
        }
        if (!people.isEmpty()) {
            leases.keep(node, people);
            meters.kept(people.size());
        }
    }

    private Connected connected(UserId user) {
        boolean foreground = false;
        boolean idle = false;
        for (var listener : registry.listeners(user)) {
            foreground |= !listener.isIdle();
            idle |= listener.isIdle();
        }
        return new Connected(user, foreground, idle);
    }
}
