package chat.parley.sendapi.message;

import chat.parley.event.ChatEvent.MessageCreated;
import chat.parley.event.EventLog;
import chat.parley.event.Publication;
import chat.parley.event.PublishOutcome;
import chat.parley.event.PublishOutcome.Published;
import chat.parley.id.UserId;
import chat.parley.message.AppendOutcome.Stored;
import chat.parley.message.Message;
import chat.parley.outbox.Outbox;
import chat.parley.push.PushJob;
import chat.parley.push.PushQueue;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Tells the members of a message just stored, then queues pushes for those who are not connected, then forgets the outbox row. Whatever of it fails
 * leaves the row, and the relay does it again.
 */
public final class MessageNews {
    private final EventLog events;
    private final PushQueue pushes;
    private final Outbox outbox;

    /** All are closed by the caller. */
    public MessageNews(EventLog events, PushQueue pushes, Outbox outbox) {
        this.events = events;
        this.pushes = pushes;
        this.outbox = outbox;
    }

    /** Returns at once; completes, never exceptionally, when the message is published or is known not to be. Pushes are not waited for. */
    CompletableFuture<PublishOutcome> tell(Stored stored, Collection<UserId> members) {
        var message = stored.message();
        return events.submit(Publication.first(new MessageCreated(message), members))
                .thenApply(outcome -> {
                    if (outcome instanceof Published published) {
                        wake(message, published, stored.outboxId());
                    }
                    return outcome;
                });
    }

    private void wake(Message message, Published published, long outboxId) {
        var jobs = jobs(message, published);
        if (jobs.isEmpty()) {
            outbox.done(outboxId);
            return;
        }
        var queued = pushes.add(jobs).thenAccept(done -> {
            if (done) {
                outbox.done(outboxId);
            }
        });
        assert queued != null;
    }

    /** For everyone whom no stream took it for, except who sent it. */
    static List<PushJob> jobs(Message message, Published published) {
        return published.absent().stream()
                .filter(absent -> !absent.user().equals(message.sender()))
                .map(absent -> new PushJob(
                        absent.user(), message.conversation(), message.seq(), absent.resumeFrom(), message.createdAt()))
                .toList();
    }
}
