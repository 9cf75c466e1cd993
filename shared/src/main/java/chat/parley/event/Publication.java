package chat.parley.event;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * An event and whom it is told.
 *
 * @param recipients each once
 * @param mode whether streams are searched for the event first
 * @param storedWhole false: streams hold a reference, since it answers a message that is told along and may look different when it is replayed
 * @param group the large group that is told, once for all of its members; null: each recipient is told
 */
public record Publication(
        EncodedEvent event,
        Collection<UserId> recipients,
        Mode mode,
        boolean storedWhole,
        @Nullable Group group) {
    /** A large group, and when someone left it last, in ms; 0 if nobody did. */
    public record Group(ConversationId conversation, long departedMillis) {}

    /** Each recipient is told. */
    public Publication(EncodedEvent event, Collection<UserId> recipients, Mode mode, boolean storedWhole) {
        this(event, recipients, mode, storedWhole, null);
    }

    /** The publication of {@code event} to all members of a large group. */
    public static Publication toGroup(ChatEvent event, long departedMillis, Mode mode) {
        var group = new Group(event.conversation(), departedMillis);
        return new Publication(EventJson.encode(event), List.of(), mode, true, group);
    }

    /** Whether nobody is told. */
    boolean isVoid() {
        return group == null && recipients.isEmpty();
    }

    /** How much is known of earlier attempts. */
    public enum Mode {
        /** Never tried before. */
        FIRST,
        /** Stored nowhere, for those who are connected now; dropped rather than delayed. */
        LIVE_ONLY,
        /** Perhaps published before: streams that have its key are left alone. Costs Redis a search of each stream, see {@link Repeats}. */
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

    /** The same to those of its recipients who are {@code meant}; to a large group as it is. */
    public Publication toThose(Predicate<UserId> meant) {
        return group != null ? this : to(recipients.stream().filter(meant).toList());
    }

    /** The same to some of its recipients. */
    Publication to(Collection<UserId> some) {
        return new Publication(event, some, mode, storedWhole);
    }

    private static Publication of(ChatEvent event, Collection<UserId> recipients, Mode mode) {
        return new Publication(EventJson.encode(event), recipients, mode, !EventJson.answers(event));
    }
}
