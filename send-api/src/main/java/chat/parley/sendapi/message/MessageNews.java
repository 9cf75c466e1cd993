package chat.parley.sendapi.message;

import chat.parley.conversation.Member;
import chat.parley.conversation.Roster;
import chat.parley.event.ChatEvent;
import chat.parley.event.ChatEvent.MessageCreated;
import chat.parley.event.ChatEvent.MessageDeleted;
import chat.parley.event.ChatEvent.MessageEdited;
import chat.parley.event.EventLog;
import chat.parley.event.Publication;
import chat.parley.event.PublishOutcome;
import chat.parley.event.PublishOutcome.Published;
import chat.parley.event.PublishOutcome.ToWake;
import chat.parley.event.PublishOutcome.Unpublished;
import chat.parley.id.UserId;
import chat.parley.message.AppendOutcome.Stored;
import chat.parley.message.Message;
import chat.parley.message.MessageChangeOutcome.Changed;
import chat.parley.message.MessageStore;
import chat.parley.message.Reminder;
import chat.parley.push.PushQueue;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells the members of a message just stored or changed, then queues pushes for devices that did not get it, then forgets what reminds of it: an
 * outbox row, or with messages in Cassandra an intent. Whatever of it fails leaves that, and the relay does it again.
 */
public final class MessageNews {
    private final EventLog events;
    private final PushQueue pushes;
    private final MessageStore messages;
    private final Consumer<Message> index;

    /**
     * All are closed by the caller.
     *
     * @param index takes every message whose text is new, at once
     */
    public MessageNews(EventLog events, PushQueue pushes, MessageStore messages, Consumer<Message> index) {
        this.events = events;
        this.pushes = pushes;
        this.messages = messages;
        this.index = index;
    }

    /**
     * Returns at once; completes, never exceptionally, when the message is published or is known not to be. Pushes are not waited for.
     *
     * @param quoted the message it answers; told only to those who may see it
     */
    CompletableFuture<PublishOutcome> tell(Stored stored, @Nullable Message quoted, Roster roster) {
        var message = stored.message();
        index.accept(message);
        var members = roster.members().values();
        var told = roster.large()
                ? tellGroup(stored, roster)
                : quoted == null
                        ? submit(new MessageCreated(message, null), users(members))
                        : both(
                                submit(new MessageCreated(message, quoted), seeing(quoted, members)),
                                submit(new MessageCreated(message, null), notSeeing(quoted, members)));
        return told.thenApply(outcome -> {
            if (outcome instanceof Published published) {
                wake(message, published, stored.reminder());
            }
            return outcome;
        });
    }

    /**
     * Once for everybody, without what it answers, which not everybody may see. Those mentioned are told by their own streams as well, which tell who of them is
     * to be woken.
     */
    private CompletableFuture<PublishOutcome> tellGroup(Stored stored, Roster roster) {
        var message = stored.message();
        var event = new MessageCreated(message, null);
        long departed = Math.max(stored.departedMillis(), roster.departedMillis());
        var group = events.submit(Publication.toGroup(event, departed, Publication.Mode.FIRST));
        var mentioned = message.body().mentions().stream()
                .filter(roster.members()::containsKey)
                .toList();
        if (mentioned.isEmpty()) {
            return group;
        }
        if (stored.departedMillis() > roster.departedMillis()) {
            // One of them may have left before this message: the relay looks, and tells those who have not.
            return group.thenApply(unused -> new Unpublished());
        }
        return both(group, submit(event, mentioned));
    }

    /** The same of a change, which wakes nobody. */
    CompletableFuture<PublishOutcome> tell(ChatEvent change, Message message, Changed changed, Roster roster) {
        if (change instanceof MessageEdited edited) {
            index.accept(edited.message());
        } else if (change instanceof MessageDeleted deleted) {
            index.accept(deleted.message());
        }
        long departed = Math.max(changed.departedMillis(), roster.departedMillis());
        var told = roster.large()
                ? events.submit(Publication.toGroup(change, departed, Publication.Mode.FIRST))
                : submit(change, seeing(message, roster.members().values()));
        return told.thenApply(outcome -> {
            if (outcome instanceof Published) {
                messages.published(List.of(changed.reminder()));
            }
            return outcome;
        });
    }

    /** Those who may see {@code message}. */
    private static List<UserId> seeing(Message message, Collection<Member> members) {
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
                var toWake = new ArrayList<ToWake>(here.toWake());
                toWake.addAll(there.toWake());
                return new Published(toWake);
            }
            return new Unpublished();
        });
    }

    private void wake(Message message, Published published, Reminder reminder) {
        var jobs = pushes.jobs(message, published.toWake());
        if (jobs.isEmpty()) {
            messages.published(List.of(reminder));
            return;
        }
        var queued = pushes.add(jobs).thenAccept(done -> {
            if (done) {
                messages.published(List.of(reminder));
            }
        });
        assert queued != null;
    }
}
