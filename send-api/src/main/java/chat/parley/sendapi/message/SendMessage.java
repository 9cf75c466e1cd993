package chat.parley.sendapi.message;

import chat.parley.conversation.Conversations;
import chat.parley.conversation.Roster;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.AppendOutcome;
import chat.parley.message.AppendOutcome.AlreadyStored;
import chat.parley.message.AppendOutcome.RosterChanged;
import chat.parley.message.AppendOutcome.Stored;
import chat.parley.message.MessageStore;
import chat.parley.message.NewMessage;
import chat.parley.ops.StoreUnavailable;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Sends one message: who may, stored, told. Knows nothing of HTTP. Throws {@link StoreUnavailable} when it is not known whether the message is stored; the
 * sender may then repeat it under its key.
 */
public final class SendMessage {
    /** Each attempt fails only if members changed since the roster was read, a moment before. */
    private static final int ATTEMPTS_MAX = 5;

    private final Conversations conversations;
    private final MessageStore messages;
    private final MessageNews news;

    /** All are closed by the caller. */
    public SendMessage(Conversations conversations, MessageStore messages, MessageNews news) {
        this.conversations = conversations;
        this.messages = messages;
        this.news = news;
    }

    SendOutcome send(UserId sender, ConversationId conversation, String clientMessageId, String text) {
        var roster = rosterWith(sender, conversation);
        for (int attempt = 0; roster.isPresent() && attempt < ATTEMPTS_MAX; attempt++) {
            var used = roster.get();
            if (!used.maySend(sender)) {
                return new SendOutcome.Forbidden();
            }
            var message = new NewMessage(conversation, used.version(), sender, clientMessageId, text);
            switch (append(message, used)) {
                case Stored stored -> {
                    return new SendOutcome.Sent(stored.message());
                }
                case AlreadyStored stored -> {
                    return new SendOutcome.Replayed(stored.message());
                }
                case AppendOutcome.KeyReused reused -> {
                    return new SendOutcome.KeyReused();
                }
                case RosterChanged changed ->
                    roster = conversations
                            .freshRoster(conversation)
                            .filter(fresh -> fresh.members().containsKey(sender));
            }
        }
        return roster.isPresent() ? new SendOutcome.Busy() : new SendOutcome.NotFound();
    }

    /** A "yes" may come from the cache: the store checks the version. A "no" is asked again, for it is not. */
    private Optional<Roster> rosterWith(UserId sender, ConversationId conversation) {
        var cached = conversations.roster(conversation);
        if (cached.isPresent() && cached.get().maySend(sender)) {
            return cached;
        }
        return conversations
                .freshRoster(conversation)
                .filter(roster -> roster.members().containsKey(sender));
    }

    /** Returns when it is stored and told, in that order. */
    private AppendOutcome append(NewMessage message, Roster roster) {
        var stored = new CompletableFuture<AppendOutcome>();
        // Chained before it is handed in, so that it runs on the store's thread: messages of a conversation are then
        // told in their order.
        var told = stored.thenCompose(outcome -> outcome instanceof Stored fresh
                ? news.tell(fresh, roster.members().keySet()).thenApply(published -> outcome)
                : CompletableFuture.completedFuture(outcome));
        messages.submit(message, stored);
        try {
            return MessageStore.result(told);
        } catch (StoreUnavailable e) {
            stored.completeExceptionally(e);
            throw e;
        }
    }
}
