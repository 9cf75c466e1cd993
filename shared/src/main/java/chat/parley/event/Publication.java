package chat.parley.event;

import chat.parley.id.UserId;
import java.util.Collection;
import java.util.function.Predicate;

/**
 * An event and whom it is told.
 *
 * @param recipients each once
 * @param mode whether streams are searched for the event first
 * @param storedWhole false: streams hold a reference, since it answers a message that is told along and may look different when it is replayed
 */
public record Publication(EncodedEvent event, Collection<UserId> recipients, Mode mode, boolean storedWhole) {
    /** How much is known of earlier attempts. */
    public enum Mode {
        /** Never tried before. */
        FIRST,
        /** Stored nowhere, for those who are connected now; dropped rather than delayed. */
        LIVE_ONLY,
        /** Perhaps published before: streams that have its key are left alone. Costs Redis a scan of each stream. */
        REPEAT
    }

    /** The publication of {@code event}, just committed, to {@code recipients}. */
    public static Publication first(ChatEvent event, Collection<UserId> recipients) {
        return of(event, recipients, Mode.FIRST);
    }

    /** The publication of what no stream keeps. */
    public static Publication live(EphemeralEvent event, Collection<UserId> recipients) {
        return new Publication(EphemeralJson.encode(event), recipients, Mode.LIVE_ONLY, true);
    }

    /** The publication of {@code event}, which may have been published before. */
    public static Publication repeat(ChatEvent event, Collection<UserId> recipients) {
        return of(event, recipients, Mode.REPEAT);
    }

    /** The same to those of its recipients who are {@code meant}. */
    public Publication toThose(Predicate<UserId> meant) {
        return to(recipients.stream().filter(meant).toList());
    }

    /** The same to some of its recipients. */
    Publication to(Collection<UserId> some) {
        return new Publication(event, some, mode, storedWhole);
    }

    private static Publication of(ChatEvent event, Collection<UserId> recipients, Mode mode) {
        return new Publication(EventJson.encode(event), recipients, mode, !EventJson.answers(event));
    }
}
