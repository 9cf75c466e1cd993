package chat.parley.event;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.presence.Presence;
import java.time.Instant;

/** Something that is true for a moment: told to those who are connected, stored by no one. */
public sealed interface EphemeralEvent {
    /** When it was so. */
    Instant at();

    /** Someone writes a message. Clients show it for 5 s. */
    record TypingStarted(ConversationId conversation, UserId user, Instant at) implements EphemeralEvent {}

    /** Someone came, went or left the device alone. */
    record PresenceChanged(Presence presence, Instant at) implements EphemeralEvent {}
}
