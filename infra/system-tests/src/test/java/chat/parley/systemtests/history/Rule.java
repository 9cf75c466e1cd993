package chat.parley.systemtests.history;

/** What must hold after every run, whatever was killed. */
public enum Rule {
    /** An acknowledged message is in history, under the number it was acknowledged with. */
    ACKNOWLEDGED_IS_STORED,
    /** What is in history or on a device was sent by somebody, and was not refused. */
    STORED_WAS_SENT,
    /** A sender's key names one message at most, and every acknowledgement of it the same one. */
    ONE_MESSAGE_A_KEY,
    /** The numbers in a conversation are 1, 2, 3, ... */
    NUMBERS_ARE_DENSE,
    /** What a device saw under a number is what history has there. */
    DEVICE_AGREES_WITH_HISTORY,
    /** Every member's device has every message: by the stream, or from history after a reset. */
    DEVICE_HAS_EVERYTHING,
    /** A connection with a cursor does not begin anew without saying so. */
    RESUME_IS_HONEST,
    /** Nobody receives from a conversation of others. */
    ONLY_MEMBERS_RECEIVE,
    /** Messages come in their order; only asked for where nothing was broken on the way. */
    LIVE_IS_IN_ORDER
}
