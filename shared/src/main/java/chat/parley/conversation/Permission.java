package chat.parley.conversation;

import static chat.parley.conversation.Role.ADMIN;
import static chat.parley.conversation.Role.MEMBER;
import static chat.parley.conversation.Role.OWNER;

import org.jspecify.annotations.Nullable;

/**
 * Everything that a member may do in a conversation, with the least role that may, by type of conversation. The one place for it; the
 * table in {@code docs/protocol.md} mirrors it. Who is no member may do none of it.
 */
public enum Permission {
    /** See the conversation, its members and pins, and its messages from the first one seen on. */
    READ(MEMBER, MEMBER, MEMBER),
    /** Post where everyone may. */
    SEND(MEMBER, MEMBER, MEMBER),
    /** Post where {@link Posting#ADMINS} may. */
    SEND_AMONG_READERS(MEMBER, ADMIN, ADMIN),
    /** Mention everyone at once. */
    MENTION_EVERYONE(null, ADMIN, ADMIN),
    /** Delete messages of others; one's own are anyone's. */
    DELETE_MESSAGES(null, ADMIN, ADMIN),
    /** Report a message, choose one's own notifications. */
    CARE(MEMBER, MEMBER, MEMBER),
    /** Pin and unpin. */
    PIN(MEMBER, MEMBER, ADMIN),
    /** Leave. */
    LEAVE(null, MEMBER, MEMBER),
    /** Name, topic, who may post, what newcomers see. */
    CHANGE_SETTINGS(null, ADMIN, ADMIN),
    /** Open to everyone, or close. */
    CHANGE_PUBLIC(null, OWNER, OWNER),
    /** After which time messages expire. */
    CHANGE_RETENTION(MEMBER, OWNER, OWNER),
    /** Add people; making them more than members needs {@link #APPOINT}. */
    ADD(null, ADMIN, ADMIN),
    /** Remove members; see {@link MembershipRules#mayRemove}. */
    REMOVE(null, ADMIN, ADMIN),
    /** Ban people, undo it, list them. */
    BAN(null, ADMIN, ADMIN),
    /** Make, list and revoke invitations. */
    INVITE(null, ADMIN, ADMIN),
    /** Read and settle reports. */
    MODERATE(null, ADMIN, ADMIN),
    /** Give roles. */
    APPOINT(null, OWNER, OWNER),
    /** End the conversation. */
    DELETE(null, OWNER, OWNER);

    private final @Nullable Role direct;
    private final @Nullable Role group;
    private final @Nullable Role channel;

    Permission(@Nullable Role direct, @Nullable Role group, @Nullable Role channel) {
        this.direct = direct;
        this.group = group;
        this.channel = channel;
    }

    /** The least role that may; null where nobody may, because the type knows no such thing. */
    public @Nullable Role least(Conversation.Type type) {
        return switch (type) {
            case DIRECT -> direct;
            case GROUP -> group;
            case CHANNEL -> channel;
        };
    }

    /** Whether a member of this role may. */
    public boolean allows(Conversation.Type type, Role role) {
        var least = least(type);
        return least != null && role.compareTo(least) <= 0;
    }
}
