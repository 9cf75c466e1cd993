package chat.parley.stream;

import org.jspecify.annotations.Nullable;

/** Something with a next moment, linked into the slot of that moment. A list node itself, because there is one for each connection. */
abstract class Timed {
    @Nullable
    Timed previous;

    @Nullable
    Timed next;

    /** The slot it stands in, or -1. Like the links, guarded by the wheel. */
    int slot = -1;

    /**
     * Its moment has come.
     *
     * @param tick the wheel's count
     * @return ticks until the next moment, at least 1; 0 for none
     */
    abstract int onTick(int tick);
}
