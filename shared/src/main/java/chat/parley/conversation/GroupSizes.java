package chat.parley.conversation;

import chat.parley.ops.Settings;

/**
 * How many people a group or channel may have, and from when on they are told once for all.
 *
 * @param largeAbove with more members than this a group becomes large, for ever: its events are told once, and not to each member
 * @param membersMax most members
 */
public record GroupSizes(int largeAbove, int membersMax) {
    /** Where one entry a member costs as much as a stream node's work for all of them. */
    private static final int LARGE_ABOVE = 256;

    /** What the counting test is run with. */
    private static final int MEMBERS_MAX = 100_000;

    /** The sizes where nothing is set. */
    public static final GroupSizes DEFAULT = new GroupSizes(LARGE_ABOVE, MEMBERS_MAX);

    /** As the environment sets them. */
    public static GroupSizes from(Settings settings) {
        return new GroupSizes(
                settings.number(
                        "PARLEY_LARGE_GROUP",
                        LARGE_ABOVE,
                        2,
                        Roster.MEMBERS_MAX,
                        "more members than that cannot be told one by one with each message"),
                settings.number(
                        "PARLEY_GROUP_MEMBERS",
                        MEMBERS_MAX,
                        2,
                        MEMBERS_MAX,
                        "nothing was measured beyond 100,000 members"));
    }
}
