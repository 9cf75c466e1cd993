package chat.parley.sendapi.message;

import chat.parley.conversation.Member;
import chat.parley.event.ChatEvent;
import chat.parley.event.ChatEvent.MessageCreated;
import chat.parley.event.ChatEvent.MessageDeleted;
import chat.parley.event.ChatEvent.MessageEdited;
import chat.parley.event.EventLog;
import chat.parley.event.Publication;
import chat.parley.event.PublishOutcome;
import chat.parley.event.PublishOutcome.Absent;
import chat.parley.event.PublishOutcome.Published;
import chat.parley.event.PublishOutcome.Unpublished;
import chat.parley.id.UserId;
import chat.parley.message.AppendOutcome.Stored;
import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.outbox.Outbox;
import chat.parley.push.PushJob;
import chat.parley.push.PushQueue;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells the members of a message just stored or changed, then queues pushes for those who are not connected, then forgets the outbox row. Whatever of it
 * fails leaves the row, and the relay does it again.
 */
public final class MessageNews {
    private final EventLog events;
    private final PushQueue pushes;
    private final Outbox outbox;
    private final Consumer<Message> index;

    /**
     * All are closed by the caller.
     *
     * @param index takes every message whose text is new, at once
     */
    public MessageNews(EventLog events, PushQueue pushes, Outbox outbox, Consumer<Message> index) {
        this.events = events;
        this.pushes = pushes;
        this.outbox = outbox;
        this.index = index;
    }

    /**
     * Returns at once; completes, never exceptionally, when the message is published or is known not to be. Pushes are not waited for.
     *
     * @param quoted the message it answers; told only to those who may see it
     */
    CompletableFuture<PublishOutcome> tell(Stored stored, @Nullable Message quoted, Collection<Member> members) {
        var message = stored.message();
        index.accept(message);
        var told = quoted == null
                ? submit(new MessageCreated(message, null), users(members))
                : both(
                        submit(new MessageCreated(message, quoted), seeing(quoted, members)),
                        submit(new MessageCreated(message, null), notSeeing(quoted, members)));
        return told.thenApply(outcome -> {
            if (outcome instanceof Published published) {
                wake(message, published, stored.outboxId());
            }
            return outcome;
        });
    }

    /** The same of a change, which wakes nobody. */
    CompletableFuture<PublishOutcome> tell(ChatEvent change, long outboxId, Collection<UserId> audience) {
        if (change instanceof MessageEdited edited) {
            index.accept(edited.message());
        } else if (change instanceof MessageDeleted deleted) {
            index.accept(deleted.message());
        }
        return submit(change, audience).thenApply(outcome -> {
            if (outcome instanceof Published) {
                outbox.done(outboxId);
            }
            return outcome;
        });
    }

    /** Those who may see {@code message}. */
    static List<UserId> seeing(Message message, Collection<Member> members) {
        return users(members.stream()
                .filter(member -> member.joinedSeq() <= message.seq())
                .toList());
    }

    private static List<UserId> notSeeing(Message message, Collection<Member> members) {
        return users(members.stream()
                .filter(member -> member.joinedSeq() > message.seq())
                .toList());
    }

    private static List<UserId> users(Collection<Member> members) {
        return members.stream().map(Member::user).toList();
    }

    private CompletableFuture<PublishOutcome> submit(ChatEvent event, Collection<UserId> recipients) {
        return events.submit(Publication.first(event, recipients));
    }

    private static CompletableFuture<PublishOutcome> both(
            CompletableFuture<PublishOutcome> first, CompletableFuture<PublishOutcome> second) {
        return first.thenCombine(second, (one, other) -> {
            if (one instanceof Published here && other instanceof Published there) {
                var absent = new ArrayList<Absent>(here.absent());
                absent.addAll(there.absent());
                return new Published(absent);
            }
            return new Unpublished();
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

    /** For everyone whom no stream took it for, except who sent it. Notices wake nobody. */
    static List<PushJob> jobs(Message message, Published published) {
        if (message.body().type() == MessageBody.Type.SYSTEM) {
            return List.of();
        }
        return published.absent().stream()
                .filter(absent -> !absent.user().equals(message.sender()))
                .map(absent -> new PushJob(
                        absent.user(), message.conversation(), message.seq(), absent.resumeFrom(), message.createdAt()))
                .toList();
    }
}
