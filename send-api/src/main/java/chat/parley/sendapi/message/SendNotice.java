package chat.parley.sendapi.message;

import chat.parley.conversation.Conversations;
import chat.parley.conversation.Notice;
import chat.parley.conversation.Notices;
import chat.parley.conversation.Roster;
import chat.parley.message.AppendOutcome;
import chat.parley.message.AppendOutcome.AlreadyStored;
import chat.parley.message.AppendOutcome.KeyReused;
import chat.parley.message.AppendOutcome.RosterChanged;
import chat.parley.message.AppendOutcome.Stored;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageStore;
import chat.parley.message.NewMessage;
import chat.parley.ops.StoreUnavailable;
import chat.parley.outbox.Outbox;
import java.util.concurrent.CompletableFuture;

/**
 * Turns a notice into a message, once: the time of the change is the key, so that whoever does it again, the request or the relay, stores no second one.
 * Throws {@link StoreUnavailable} when the outcome is unknown; it may then be repeated.
 */
public final class SendNotice {
    /** Keys of notices begin with it; no sender may use such a key, or could keep a notice from being stored. */
    static final String KEY_PREFIX = "system:";

    /** Each attempt fails only if members changed since the roster was read, a moment before; the relay tries again later. */
    private static final int ATTEMPTS_MAX = 5;

    private final Conversations conversations;
    private final Notices notices;
    private final MessageStore messages;
    private final MessageNews news;
    private final Outbox outbox;

    /** All are closed by the caller. */
    public SendNotice(
            Conversations conversations, Notices notices, MessageStore messages, MessageNews news, Outbox outbox) {
        this.conversations = conversations;
        this.notices = notices;
        this.messages = messages;
        this.news = news;
        this.outbox = outbox;
    }

    /** What an outbox row stands for; false when it has to be tried again. */
    public boolean send(Outbox.Row row) {
        return notices.find(row).map(this::send).orElse(true);
    }

    /** Stores and tells it; false when it has to be tried again. */
    public boolean send(Notice notice) {
        for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
            var roster = conversations.freshRoster(notice.conversation());
            // Where nobody is left there is nobody to read it.
            if (roster.isEmpty() || !(append(notice, roster.get()) instanceof RosterChanged)) {
                notices.forget(notice);
                outbox.done(notice.outboxId());
                return true;
            }
        }
        return false;
    }

    private AppendOutcome append(Notice notice, Roster roster) {
        var message = new NewMessage(
                notice.conversation(),
                roster.version(),
                notice.actor(),
                KEY_PREFIX + notice.at().toEpochMilli(),
                MessageBody.system(notice.body()));
        var stored = new CompletableFuture<AppendOutcome>();
        var told = stored.thenCompose(outcome -> switch (outcome) {
            case Stored fresh -> news.tell(fresh, null, roster).thenApply(published -> outcome);
            case AlreadyStored unused -> CompletableFuture.completedFuture(outcome);
            case KeyReused unused -> CompletableFuture.completedFuture(outcome);
            case RosterChanged unused -> CompletableFuture.completedFuture(outcome);
        });
        messages.submit(message, stored);
        try {
            return MessageStore.result(told);
        } catch (StoreUnavailable e) {
            stored.completeExceptionally(e);
            throw e;
        }
    }
}
