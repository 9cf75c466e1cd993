package chat.parley.sendapi.message;

import chat.parley.id.UserId;
import chat.parley.message.Message;
import java.util.Set;

/** What became of a send. */
sealed interface SendOutcome {
    /** Stored now, and durable. */
    record Sent(Message message) implements SendOutcome {}

    /** The same key stored it before; this is what it was then. */
    record Replayed(Message message) implements SendOutcome {}

    /** The key was used for another message. */
    record KeyReused() implements SendOutcome {}

    /** No such conversation, or the sender is no member of it. */
    record NotFound() implements SendOutcome {}

    /** The sender's role does not allow it. */
    record Forbidden() implements SendOutcome {}

    /** There is no message here that it could answer, or none that the sender may see. */
    record NothingToAnswer() implements SendOutcome {}

    /** These people are mentioned and are no members. */
    record NoMembers(Set<UserId> users) implements SendOutcome {}

    /** Members change so fast that no roster held long enough; nothing was stored. */
    record Busy() implements SendOutcome {}
}
