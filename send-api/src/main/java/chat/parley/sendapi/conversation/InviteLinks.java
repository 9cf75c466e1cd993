package chat.parley.sendapi.conversation;

import chat.parley.account.OpaqueSecrets;
import chat.parley.conversation.ChangeOutcome;
import chat.parley.conversation.Conversation;
import chat.parley.conversation.Conversations;
import chat.parley.conversation.Invite;
import chat.parley.conversation.Invites;
import chat.parley.id.ConversationId;
import chat.parley.id.InviteId;
import chat.parley.id.UserId;
import chat.parley.ops.Secret;
import chat.parley.sendapi.idempotency.Idempotency.Reservation;
import java.util.List;
import java.util.Optional;

/** Invitations and the secret that the link of each carries, which is kept nowhere. */
public final class InviteLinks {
    private final Invites invites;
    private final Conversations conversations;
    private final OpaqueSecrets secrets;
    private final ChangeConversation change;

    /** @param secrets for what links carry */
    public InviteLinks(Invites invites, Conversations conversations, OpaqueSecrets secrets, ChangeConversation change) {
        this.invites = invites;
        this.conversations = conversations;
        this.secrets = secrets;
        this.change = change;
    }

    /** What came of it; the secret opens nothing unless it was made. */
    record Made(ChangeOutcome outcome, Secret token) {}

    /** Makes one, or gives the one that an earlier attempt made another secret. */
    Made create(Reservation reservation, ConversationId conversation, UserId actor, Invites.Terms terms) {
        var token = secrets.fresh();
        while (true) {
            var id = new InviteId(reservation.conversation().value());
            var outcome = invites.create(conversation, actor, id, OpaqueSecrets.hash(token.reveal()), terms);
            if (!(outcome instanceof ChangeOutcome.IdTaken)) {
                return new Made(outcome, token);
            }
            reservation.renew();
        }
    }

    List<Invite> open(ConversationId conversation) {
        return invites.open(conversation);
    }

    ChangeOutcome revoke(ConversationId conversation, UserId actor, InviteId id) {
        return invites.revoke(conversation, actor, id);
    }

    /** What a link leads to. */
    record Destination(Invite invite, Conversation conversation) {}

    /** Where {@code token} leads {@code user}; empty whatever is wrong with it. */
    Optional<Destination> find(String token, UserId user) {
        return invites.find(OpaqueSecrets.hash(token), user)
                .flatMap(invite -> conversations
                        .find(invite.conversation())
                        .filter(found -> found.memberCount() > 0)
                        .map(found -> new Destination(invite, found)));
    }

    /** Takes {@code user} where {@code token} leads; the conversation, or empty whatever is wrong with it. */
    Optional<ConversationId> join(String token, UserId user) {
        byte[] hash = OpaqueSecrets.hash(token);
        return invites.find(hash, user).map(Invite::conversation).filter(conversation -> {
            var outcome = change.told(conversation, user, invites.join(conversation, hash, user));
            if (outcome instanceof ChangeOutcome.NotFound) {
                return false;
            }
            ChangeAnswers.refuse(outcome);
            return true;
        });
    }
}
