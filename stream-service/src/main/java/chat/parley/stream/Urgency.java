package chat.parley.stream;

/** How long an event may wait for company on its way to a client's radio; decided by its type. */
enum Urgency {
    /** Written at once, and takes along whatever waits. */
    NOW,
    /** Stored, so it keeps its place in the stream; waits a little for something more urgent to go with. */
    SOON,
    /** Never stored: the last value of a thing replaces what waits of it, and a client in a pocket never gets it. */
    LAZY;

    /** After this many ticks the client would take the sign down anyway; the contract's life of a typing sign. */
    private static final int TYPING_TICKS = 5;

    private static final String TYPING = "typing.started";

    /** What this version does not know is urgent: a node that is updated last must not delay what others find important. */
    static Urgency of(String type) {
        return switch (type) {
            case "message.edited",
                    "message.deleted",
                    "reaction.added",
                    "reaction.removed",
                    "read.advanced",
                    "delivered.advanced" -> SOON;
            case TYPING, "presence.changed" -> LAZY;
            default -> NOW;
        };
    }

    /** How long a lazy event may wait for a socket before it says nothing any more; presence stays true until it is superseded. */
    static int lifeTicks(String type) {
        return type.equals(TYPING) ? TYPING_TICKS : Integer.MAX_VALUE;
    }
}
