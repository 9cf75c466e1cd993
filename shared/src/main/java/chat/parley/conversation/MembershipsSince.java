package chat.parley.conversation;

import java.util.List;

/**
 * Everything that a rebuilt stream of one person needs to know about conversations and members.
 *
 * @param memberships every current one, and those that ended since; {@code Conversation.members} is filled only where the conversation
 *     itself changed since, else empty
 * @param changes the members who joined, changed role or left since, in the current conversations only, since the person joined;
 *     the person's own included. Oldest first.
 * @param marks the members of the current conversations whose marks moved since: all where they are told to all, else the person's own
 */
public record MembershipsSince(List<Membership> memberships, List<MemberState> changes, List<MembersMarks> marks) {}
