package chat.parley.sendapi.message;

import chat.parley.conversation.Conversations;
import chat.parley.conversation.Permission;
import chat.parley.conversation.Roster;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.AppendOutcome;
import chat.parley.message.AppendOutcome.AlreadyStored;
import chat.parley.message.AppendOutcome.RosterChanged;
import chat.parley.message.AppendOutcome.Stored;
import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageStore;
import chat.parley.message.NewMessage;
import chat.parley.ops.StoreUnavailable;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Sends one message: who may, stored, told. Knows nothing of HTTP. Fails with {@link StoreUnavailable} when it is not known whether the message is stored; the
 * sender may then repeat it under its key.
 */
public final class SendMessage {
    /** No roster has it: an append under it stores nothing and only tells whether the message is there already. */
    private static final long NO_VERSION = -1;

    private final Conversations conversations;
    private final RosterGuard guard;
    private final MessageStore messages;
    private final MessageNews news;
    private final Patience patience;

    /** All are closed by the caller. */
    public SendMessage(Conversations conversations, MessageStore messages, MessageNews news, Patience patience) {
        this.conversations = conversations;
        this.guard = new RosterGuard(conversations);
        this.messages = messages;
        this.news = news;
        this.patience = patience;
    }

    /**
     * Returns at once. A roster from memory mostly suffices, for the store checks its version; then nothing waits. Whatever else has to be read is read by
     * {@code blocking}.
     */
    CompletableFuture<SendOutcome> send(
            UserId sender, ConversationId conversation, String clientMessageId, MessageBody body, Executor blocking) {
        var waiting = new Waiting(sender, conversation, clientMessageId, body, blocking);
        var roster = conversations.cachedRoster(conversation, sender).orElse(null);
        if (roster == null || body.replyTo() != null || !roster.members().containsKey(sender)) {
            return waiting.send();
        }
        if (roster.large() && !body.mentions().isEmpty()) {
            return waiting.send(); // it has to name those mentioned, and a role that holds
        }
        var draft = waiting.draft(roster);
        if (refusal(draft, roster, null) != null) {
            return waiting.send(); // a "no" is not believed of a roster that may be old
        }
        return append(draft, roster, null)
                .thenCompose(outcome ->
                        answer(outcome).map(CompletableFuture::completedFuture).orElseGet(waiting::sendByFreshRoster));
    }

    /** A send that has to read before it is known what comes of it. */
    private final class Waiting {
        private final UserId sender;
        private final ConversationId conversation;
        private final String clientMessageId;
        private final MessageBody body;
        private final Executor blocking;

        Waiting(
                UserId sender,
                ConversationId conversation,
                String clientMessageId,
                MessageBody body,
                Executor blocking) {
            this.sender = sender;
            this.conversation = conversation;
            this.clientMessageId = clientMessageId;
            this.body = body;
            this.blocking = blocking;
        }

        NewMessage draft(Roster roster) {
            return new NewMessage(conversation, roster.version(), sender, clientMessageId, body);
        }

        CompletableFuture<SendOutcome> sendByFreshRoster() {
            conversations.forgetRoster(conversation);
            return send();
        }

        CompletableFuture<SendOutcome> send() {
            return CompletableFuture.supplyAsync(
                    () -> guard.run(
                            sender,
                            conversation,
                            body.mentions(),
                            (roster, isFresh) -> sendNow(draft(roster), roster, isFresh),
                            new SendOutcome.NotFound(),
                            new SendOutcome.Busy()),
                    blocking);
        }
    }

    /** Waits for what becomes of it; empty when the roster does not hold any more. */
    private Optional<SendOutcome> sendNow(NewMessage draft, Roster roster, boolean isFresh) {
        var quoted = quoted(draft, roster);
        var refusal = refusal(draft, roster, quoted);
        if (refusal != null && !isFresh) {
            return Optional.empty();
        }
        if (refusal != null) {
            // A repeat is answered as the first time, whatever changed since.
            var known = answer(messages.append(new NewMessage(
                    draft.conversation(), NO_VERSION, draft.sender(), draft.clientMessageId(), draft.body())));
            return Optional.of(known.orElse(refusal));
        }
        return answer(MessageStore.result(append(draft, roster, quoted)));
    }

    private static Optional<SendOutcome> answer(AppendOutcome outcome) {
        return switch (outcome) {
            case Stored stored -> Optional.of(new SendOutcome.Sent(stored.message()));
            case AlreadyStored stored -> Optional.of(new SendOutcome.Replayed(stored.message()));
            case AppendOutcome.KeyReused unused -> Optional.of(new SendOutcome.KeyReused());
            case RosterChanged unused -> Optional.empty();
        };
    }

    /** The message that the draft answers, as it stands; null where it answers none, or none that the sender may see. */
    private @Nullable Message quoted(NewMessage draft, Roster roster) {
        var replyTo = draft.body().replyTo();
        var sender = roster.members().get(draft.sender());
        if (replyTo == null || sender == null || replyTo < sender.joinedSeq()) {
            return null;
        }
        return messages.find(draft.conversation(), replyTo).orElse(null);
    }

    private static @Nullable SendOutcome refusal(NewMessage draft, Roster roster, @Nullable Message quoted) {
        var body = draft.body();
        if (!roster.maySend(draft.sender())) {
            return new SendOutcome.Forbidden();
        }
        if (body.replyTo() != null && quoted == null) {
            return new SendOutcome.NothingToAnswer();
        }
        return mentionsRefusal(draft, roster);
    }

    private static @Nullable SendOutcome mentionsRefusal(NewMessage draft, Roster roster) {
        var mentions = draft.body().mentions();
        if (mentions.isEmpty()) {
            return null;
        }
        // Everybody is woken by it, so it takes the role of one who answers for the group.
        if (mentions.contains(MessageBody.EVERYONE) && !roster.allows(draft.sender(), Permission.MENTION_EVERYONE)) {
            return new SendOutcome.Forbidden();
        }
        var strangers = strangers(mentions, roster);
        return strangers.isEmpty() ? null : new SendOutcome.NoMembers(strangers);
    }

    /** Those mentioned who are no members. */
    static Set<UserId> strangers(Iterable<UserId> mentions, Roster roster) {
        var strangers = new HashSet<UserId>();
        for (var user : mentions) {
            if (!user.equals(MessageBody.EVERYONE) && !roster.members().containsKey(user)) {
                strangers.add(user);
            }
        }
        return strangers;
    }

    /** Completes when it is stored and told, in that order. */
    private CompletableFuture<AppendOutcome> append(NewMessage message, Roster roster, @Nullable Message quoted) {
        var stored = new CompletableFuture<AppendOutcome>();
        // Chained before it is handed in, so that it runs on the store's thread: messages of a conversation are then
        // told in their order.
        var told = stored.thenCompose(outcome -> outcome instanceof Stored fresh
                ? news.tell(fresh, quoted, roster).thenApply(published -> outcome)
                : CompletableFuture.completedFuture(outcome));
        messages.submit(message, stored);
        patience.watch(stored, told);
        return told;
    }
}
