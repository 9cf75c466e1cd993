package chat.parley.sendapi.message;

import chat.parley.message.Message;

/** What became of a send. */
sealed interface SendOutcome {
    /** Stored now, and durable. */
    record Sent(Message message) implements SendOutcome {}

    /** The same key stored it before; this is the same message. */
    record Replayed(Message message) implements SendOutcome {}

    /** The key was used for another text. */
    record KeyReused() implements SendOutcome {}

    /** No such conversation, or the sender is no member of it. */
    record NotFound() implements SendOutcome {}

    /** The sender is a member and may not post here: only admins do, or one of the two has blocked the other. */
    record Forbidden() implements SendOutcome {}

    /** Members change so fast that no roster held long enough; nothing was stored. */
    record Busy() implements SendOutcome {}
}
