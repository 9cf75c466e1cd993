package chat.parley.notifier;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a vendor decided. An exception from a sender means "unknown, try again", never "refused". */
sealed interface PushResult {
    /** It is in the vendor's hands. */
    record Accepted() implements PushResult {}

    /**
     * There is no such device any more: forget it, unless it was registered again later.
     *
     * @param since when the vendor noticed; null where it does not tell, then it counts as of the attempt
     */
    record Gone(@Nullable Instant since) implements PushResult {}

    /**
     * The vendor cannot take it now: overloaded, failing, or it does not accept our credentials. To be tried again.
     *
     * @param after how long it wants to be left alone; null where it does not tell
     * @param reason one word or two, for a metric's tag: never from the outside
     */
    record Unavailable(@Nullable Duration after, String reason) implements PushResult {}

    /**
     * The vendor works and cannot take this push now, for a reason that concerns this device and no other. To be tried again.
     *
     * @param after as above
     * @param reason as above
     */
    record Postponed(@Nullable Duration after, String reason) implements PushResult {}

    /**
     * This push will never be taken: our fault, or the device's.
     *
     * @param reason one word or two, for a metric's tag: never from the outside
     */
    record Refused(String reason) implements PushResult {}
}
