package chat.parley.id;

/**
 * The right to give out every id of one node whose time is within a range; whoever has it is the only one, for ever.
 *
 * @param node from 0 to {@link #NODES} - 1
 * @param from the first millisecond since 1970
 * @param to the one after the last
 */
public record IdRange(int node, long from, long to) {
    /** As many as 10 bits tell apart. */
    static final int NODES = 1 << 10;

    /** 2020-01-01T00:00:00Z, where the time of ids begins; their 42 bits end in 2159. */
    static final long EPOCH_MILLIS = 1_577_836_800_000L;

    /** Refuses a node that would spill into the time, a time that ids cannot say, and a range without a millisecond. */
    public IdRange {
        if (node < 0 || node >= NODES || from <= EPOCH_MILLIS || from >= to) {
            throw new IllegalArgumentException("no range of ids: node " + node + ", " + from + " to " + to);
        }
    }
}
