package chat.parley.message;

import chat.parley.id.ConversationId;
import java.util.OptionalLong;
import java.util.function.LongConsumer;

/** Where a conversation's members are versioned, for a store of messages that is another one. */
public interface RosterVersions {
    /** The version of a conversation's members; empty where there is no such conversation. */
    OptionalLong of(ConversationId conversation);

    /** Runs {@code work} with the version while no change of members can happen; not at all where there is no such conversation. */
    void hold(ConversationId conversation, LongConsumer work);
}
