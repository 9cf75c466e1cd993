package chat.parley.conversation;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.util.Map;

/**
 * Who is in a conversation, at one version. May be older than the truth; a send made from it is stored only if the version still holds.
 *
 * @param members everyone, by id
 */
public record Roster(ConversationId conversation, long version, Map<UserId, Member> members) {
    /** Most members of a group: each gets an entry of their own for every message. */
    public static final int MEMBERS_MAX = 1_000;
}
