package chat.parley.redis;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Every Redis key and channel of this system: name, type, lifetime. No other class spells one. */
public final class RedisKeys {
    /**
     * ZSET of push jobs, member the job's text, score epoch ms by this server's clock: when it is due, or when the lease of the notifier that claimed it
     * ends. Bounded on adding; see {@code redis/push_*.lua}.
     */
    public static final String PUSH_JOBS = "{push}:jobs";

    /** HASH, field a job's text, value how often it was claimed and not settled. Only jobs of {@link #PUSH_JOBS} that were claimed have a field. */
    public static final String PUSH_CLAIMS = "{push}:claims";

    /** STREAM of jobs that were claimed too often, one field {@code j}; the newest 1,000 or so, for people to look at. */
    public static final String PUSH_ASIDE = "{push}:aside";

    /**
     * STRING, random, made when first missed, never expires: a missing one means that this Redis lost everything it held. Part of the
     * tag that cursors carry.
     */
    public static final String GENERATION = "generation";

    /** STRING, the name of the Redis that has every hint of {@link #background}; never expires. Missing: some may be lost. */
    public static final String HINTED = "hinted";

    /** Shard channel nobody publishes to: stream nodes hold it so that their connection stays subscribed, and ask for it again to see that it lives. */
    public static final String LIVE_KEEPER = "l:";

    /** In a cluster people's presence is spread over so many slots: enough for as many masters, few enough to look at each every second. Never to be changed. */
    public static final int PRESENCE_BUCKETS = 64;

    /** For {@link #presence} and {@link #presenceDue}, where one server holds everything. */
    public static final int NO_BUCKET = -1;

    private static final int ID_CHARS = 13;
    private static final int LIVE_CHANNEL_CHARS = ID_CHARS + 4;

    private RedisKeys() {}

    /** STREAM of one user's events, ids {@code <epoch>-<n>}; see {@code redis/publish.lua}. Bounded, expires after days without events. */
    public static String stream(UserId user) {
        return "s:{" + user + "}";
    }

    /** Shard channel of one user's live frames; the script derives it from the stream's key by its first letter. */
    public static String live(UserId user) {
        return "l:{" + user + "}";
    }

    /** STREAM of one large group's events, ids {@code <ms>-<n>}; see {@code redis/publish_group.lua}. Bounded, expires after days without events. */
    public static String group(ConversationId conversation) {
        return "c:{" + conversation + "}";
    }

    /** Shard channel of one large group's live frames; the script derives it from the stream's key by its first letter. */
    public static String groupLive(ConversationId conversation) {
        return "d:{" + conversation + "}";
    }

    /** The group whose {@link #groupLive} channel this is; null for any other channel. */
    public static @Nullable ConversationId liveGroup(byte[] channel) {
        if (channel.length != LIVE_CHANNEL_CHARS || channel[0] != 'd') {
            return null;
        }
        return ConversationId.parse(new String(channel, 3, ID_CHARS, StandardCharsets.ISO_8859_1));
    }

    /** As {@link #GENERATION}, for a master of a cluster: the first of these that it holds. */
    public static String generation(int number) {
        return GENERATION + ":{" + number + "}";
    }

    /** As {@link #LIVE_KEEPER}, for a master of a cluster: the first of these that it serves. */
    public static String liveKeeper(int number) {
        return LIVE_KEEPER + "{" + number + "}";
    }

    /**
     * HASH of who is there: leases of nodes, what was announced, last seen, the person's own choice; see {@code redis/presence_*.lua}, which also
     * build this name. Expires 30 days after the last change. In a cluster it stands beside the {@link #presenceDue} of its bucket.
     */
    public static String presence(UserId user, int bucket) {
        return bucket == NO_BUCKET ? "p:" + user : "p:{" + bucket + "}:" + user;
    }

    /** ZSET, member a user's id, score epoch ms: when to look whether that person came or went. One entry for each person who is there. */
    public static String presenceDue(int bucket) {
        return bucket == NO_BUCKET ? "presence" : "presence:{" + bucket + "}";
    }

    /** STRING, empty: that this person types there was told just now. Expires after 3 s. */
    public static String typing(ConversationId conversation, UserId user) {
        return "t:" + conversation + ":" + user;
    }

    /**
     * STRING, empty: this person has a device in the background, to be woken also while another one is connected; see {@code redis/publish.lua}. Never
     * expires; goes with the last such device.
     */
    public static String background(UserId user) {
        return "b:{" + user + "}";
    }

    /** HASH of what was shown, field a conversation's id, value the seq of the newest push shown. Expires 7 days after the last push. */
    public static String shown(UserId user) {
        return "n:{" + user + "}";
    }

    /** The user whose {@link #live} channel this is; null for any other channel. */
    public static @Nullable UserId liveUser(byte[] channel) {
        if (channel.length != LIVE_CHANNEL_CHARS || channel[0] != 'l') {
            return null;
        }
        return UserId.parse(new String(channel, 3, ID_CHARS, StandardCharsets.ISO_8859_1));
    }
}
