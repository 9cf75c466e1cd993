package chat.parley.stream;

import org.jspecify.annotations.Nullable;

/**
 * One timer wheel for every connection's next moment: heartbeat, rotation, end of a token, stalled write. A tick is a second of a thread
 * that counts, not of the machine's clock, so a clock that is set back stops no heartbeat. Safe for use by many threads.
 */
final class Heartbeats {
    /** More than the longest heartbeat, 300 s, so that a moment is never further than one round away. */
    static final int SLOTS = 512;

    private final @Nullable Timed[] slots = new Timed[SLOTS];
    private volatile int tick;

    /** Ticks so far. */
    int now() {
        return tick;
    }

    /** Sets the next moment of {@code timed}, in place of the one it had. */
    synchronized void schedule(Timed timed, int ticks) {
        unlink(timed);
        int slot = (tick + Math.clamp(ticks, 1, SLOTS - 1)) % SLOTS;
        var first = slots[slot];
        timed.next = first;
        if (first != null) {
            first.previous = timed;
        }
        slots[slot] = timed;
        timed.slot = slot;
    }

    /** Forgets {@code timed}. */
    synchronized void cancel(Timed timed) {
        unlink(timed);
    }

    /** Lets a second pass. Called by one thread only. */
    void tick() {
        int now = tick + 1;
        tick = now;
        for (var timed = pop(now % SLOTS); timed != null; timed = pop(now % SLOTS)) {
            int ticks = timed.onTick(now);
            if (ticks > 0) {
                schedule(timed, ticks);
            }
        }
    }

    private synchronized @Nullable Timed pop(int slot) {
        var first = slots[slot];
        if (first != null) {
            unlink(first);
        }
        return first;
    }

    private void unlink(Timed timed) {
        if (timed.slot < 0) {
            return;
        }
        if (timed.previous == null) {
            slots[timed.slot] = timed.next;
        } else {
            timed.previous.next = timed.next;
        }
        if (timed.next != null) {
            timed.next.previous = timed.previous;
        }
        timed.previous = null;
        timed.next = null;
        timed.slot = -1;
    }
}
