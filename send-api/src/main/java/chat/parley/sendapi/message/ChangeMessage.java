package chat.parley.sendapi.message;

import chat.parley.conversation.Conversations;
import chat.parley.conversation.Member;
import chat.parley.conversation.Permission;
import chat.parley.conversation.Roster;
import chat.parley.event.ChatEvent;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageChange;
import chat.parley.message.MessageChange.Action;
import chat.parley.message.MessageChange.Delete;
import chat.parley.message.MessageChange.Edit;
import chat.parley.message.MessageChange.React;
import chat.parley.message.MessageChange.Unreact;
import chat.parley.message.MessageChangeOutcome;
import chat.parley.message.MessageChangeOutcome.AlreadyDeleted;
import chat.parley.message.MessageChangeOutcome.Changed;
import chat.parley.message.MessageChangeOutcome.NoSuchMessage;
import chat.parley.message.MessageChangeOutcome.TooManyKinds;
import chat.parley.message.MessageChangeOutcome.Unchanged;
import chat.parley.message.MessageStore;
import chat.parley.ops.StoreUnavailable;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Edits a message, deletes it, reacts to it: who may, stored, told. Knows nothing of HTTP. Throws {@link StoreUnavailable} when the outcome is unknown;
 * everything here may be repeated.
 */
public final class ChangeMessage {
    private final RosterGuard guard;
    private final MessageStore messages;
    private final MessageNews news;
    private final InstantSource clock;
    private final Duration editWindow;

    /** @param editWindow how long after sending an author may edit; zero: for ever */
    public ChangeMessage(
            Conversations conversations,
            MessageStore messages,
            MessageNews news,
            InstantSource clock,
            Duration editWindow) {
        this.guard = new RosterGuard(conversations);
        this.messages = messages;
        this.news = news;
        this.clock = clock;
        this.editWindow = editWindow;
    }

    /** What became of a change. */
    sealed interface Outcome {
        /** So it stands now, by this change or before it. */
        record Done(Message message) implements Outcome {}

        /** No such message, or the actor may not see it. */
        record NotFound() implements Outcome {}

        /** It is not the actor's to change. */
        record Forbidden() implements Outcome {}

        /** The time for edits is over. */
        record TooLate() implements Outcome {}

        /** It was deleted. */
        record Deleted() implements Outcome {}

        /** The edit would leave nothing to read. */
        record NothingSaid() implements Outcome {}

        /** These people are mentioned and are no members. */
        record NoMembers(Set<UserId> users) implements Outcome {}

        /** Another kind of reaction is one too many. */
        record TooManyKinds() implements Outcome {}

        /** Members change so fast that no roster held long enough. */
        record Busy() implements Outcome {}
    }

    Outcome change(UserId actor, ConversationId conversation, long seq, Action action) {
        return guard.run(
                actor,
                conversation,
                (roster, isFresh) ->
                        attempt(new MessageChange(conversation, roster.version(), seq, actor, action), roster, isFresh),
                new Outcome.NotFound(),
                new Outcome.Busy());
    }

    /** Empty when the roster does not hold any more. */
    private Optional<Outcome> attempt(MessageChange change, Roster roster, boolean isFresh) {
        var me = roster.members().get(change.actor());
        if (me == null || change.seq() < me.joinedSeq()) {
            return Optional.of(new Outcome.NotFound());
        }
        var found = messages.find(change.conversation(), change.seq());
        if (found.isEmpty()) {
            return Optional.of(new Outcome.NotFound());
        }
        var refusal = refusal(change.action(), found.get(), me, roster);
        if (refusal != null) {
            return isFresh ? Optional.of(refusal) : Optional.empty();
        }
        return switch (messages.change(change)) {
            case Changed changed -> {
                tell(change, changed, roster);
                yield Optional.of(new Outcome.Done(changed.message()));
            }
            case Unchanged unchanged -> Optional.of(new Outcome.Done(unchanged.message()));
            case NoSuchMessage unused -> Optional.of(new Outcome.NotFound());
            case AlreadyDeleted unused -> Optional.of(new Outcome.Deleted());
            case TooManyKinds unused -> Optional.of(new Outcome.TooManyKinds());
            case MessageChangeOutcome.RosterChanged unused -> Optional.empty();
        };
    }

    /** Sender and time of a message never change, so what is decided by them needs no lock. */
    private @Nullable Outcome refusal(Action action, Message message, Member me, Roster roster) {
        boolean isAuthor = message.sender().equals(me.user()) && message.body().type() != MessageBody.Type.SYSTEM;
        return switch (action) {
            // An edit says something new, and a reaction reaches the author: who may not send to the other does
            // neither.
            case Edit edit ->
                isAuthor && roster.maySend(me.user())
                        ? editRefusal(edit, message, me, roster)
                        : new Outcome.Forbidden();
            case Delete unused ->
                isAuthor || roster.allows(me.user(), Permission.DELETE_MESSAGES) ? null : new Outcome.Forbidden();
            case React unused -> roster.blocked() ? new Outcome.Forbidden() : null;
            case Unreact unused -> null;
        };
    }

    private @Nullable Outcome editRefusal(Edit edit, Message message, Member me, Roster roster) {
        if (!editWindow.isZero() && clock.instant().isAfter(message.createdAt().plus(editWindow))) {
            return new Outcome.TooLate();
        }
        if (edit.text() != null && edit.text().isEmpty() && message.body().media() == null && !message.isDeleted()) {
            return new Outcome.NothingSaid();
        }
        if (edit.mentions() == null) {
            return null;
        }
        if (edit.mentions().contains(MessageBody.EVERYONE) && !roster.allows(me.user(), Permission.MENTION_EVERYONE)) {
            return new Outcome.Forbidden();
        }
        var strangers = SendMessage.strangers(edit.mentions(), roster);
        return strangers.isEmpty() ? null : new Outcome.NoMembers(strangers);
    }

    /** Returns when it is told or known not to be: then the relay tells it. */
    private void tell(MessageChange change, Changed changed, Roster roster) {
        var message = changed.message();
        var event = event(change, changed);
        var told = news.tell(
                event,
                changed.reminder(),
                MessageNews.seeing(message, roster.members().values()));
        var outcome = MessageStore.result(told);
        assert outcome != null;
    }

    private static ChatEvent event(MessageChange change, Changed changed) {
        var message = changed.message();
        return switch (change.action()) {
            case Edit unused -> new ChatEvent.MessageEdited(message, null, change.actor(), changed.at());
            case Delete unused -> new ChatEvent.MessageDeleted(message, change.actor(), changed.at());
            case React react -> new ChatEvent.ReactionAdded(message, react.emoji(), change.actor(), changed.at());
            case Unreact unreact ->
                new ChatEvent.ReactionRemoved(message, unreact.emoji(), change.actor(), changed.at());
        };
    }
}
