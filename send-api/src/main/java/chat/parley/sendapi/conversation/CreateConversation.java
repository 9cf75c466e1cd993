package chat.parley.sendapi.conversation;

import chat.parley.account.Users;
import chat.parley.conversation.ConversationCreation;
import chat.parley.conversation.ConversationCreation.Wish;
import chat.parley.conversation.Conversations;
import chat.parley.conversation.CreateOutcome;
import chat.parley.conversation.Membership;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.sendapi.idempotency.Idempotency.Reservation;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Makes a conversation and tells its members. */
public final class CreateConversation {
    private final Users users;
    private final ConversationCreation creation;
    private final Conversations conversations;
    private final ConversationNews news;

    /** @param users who exists */
    public CreateConversation(
            Users users, ConversationCreation creation, Conversations conversations, ConversationNews news) {
        this.users = users;
        this.creation = creation;
        this.conversations = conversations;
        this.news = news;
    }

    /** What became of it. */
    sealed interface Result {
        /** Made now, or by an earlier attempt of this very request. */
        record Made(Membership membership) implements Result {}

        /** The pair has this one. */
        record Existed(Membership membership) implements Result {}

        /** These people do not exist; nothing was made. */
        record UnknownUsers(Set<UserId> users) implements Result {}

        /** One of the two has blocked the other, and they have no conversation. */
        record Blocked() implements Result {}

        /** It was made before, and the creator has left it since. */
        record Left() implements Result {}
    }

    Result direct(Reservation reservation, UserId creator, UserId other) {
        var unknown = unknown(Set.of(other));
        if (!unknown.isEmpty()) {
            return new Result.UnknownUsers(unknown);
        }
        return make(reservation, creator, id -> creation.direct(id, creator, other));
    }

    /** A group or channel. */
    Result group(Reservation reservation, UserId creator, Wish wish, Collection<UserId> members) {
        var unknown = unknown(members);
        if (!unknown.isEmpty()) {
            return new Result.UnknownUsers(unknown);
        }
        return make(reservation, creator, id -> creation.create(id, creator, wish, members));
    }

    private interface Making {
        CreateOutcome under(ConversationId id);
    }

    private Result make(Reservation reservation, UserId creator, Making making) {
        while (true) {
            switch (making.under(reservation.conversation())) {
                case CreateOutcome.Created made -> {
                    news.created(made.conversation(), creator, made.outboxId());
                    return new Result.Made(made.membership());
                }
                case CreateOutcome.Existed existed -> {
                    boolean mine = existed.conversation().equals(reservation.conversation());
                    Optional<Membership> found = conversations.find(existed.conversation(), creator);
                    return found.<Result>map(it -> mine ? new Result.Made(it) : new Result.Existed(it))
                            .orElseGet(Result.Left::new);
                }
                case CreateOutcome.Blocked blocked -> {
                    return new Result.Blocked();
                }
                case CreateOutcome.IdTaken taken -> reservation.renew();
            }
        }
    }

    private Set<UserId> unknown(Collection<UserId> wanted) {
        var unknown = new HashSet<>(wanted);
        unknown.removeAll(users.existing(List.copyOf(wanted)));
        return unknown;
    }
}
