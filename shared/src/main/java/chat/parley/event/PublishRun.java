package chat.parley.event;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.event.PublishBatch.Answers;
import chat.parley.event.PublishConnection.Call;
import chat.parley.event.PublishConnection.Script;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.redis.RedisKeys;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One run of a script while it is put together: the events it tells, and whom each. For one thread. */
final class PublishRun {
    /** Events up to this size stand whole in every stream; longer ones once in history. */
    private static final int WHOLE_BYTES_MAX = 1_024;

    private static final byte[] NOTHING = {};

    private final Call call;
    private final @Nullable ConversationId group;
    private final List<Share> shares = new ArrayList<>();

    /** The part that tells one event. Without recipients: told to a large group, or stored nowhere. */
    record Share(Answers answers, List<UserId> recipients) {}

    private PublishRun(Call call, @Nullable ConversationId group) {
        this.call = call;
        this.group = group;
    }

    /** To people's streams. */
    static PublishRun toStreams(boolean asking) {
        return new PublishRun(new Call(Script.STORED, new ArrayList<>(), notBefore(), asking), null);
    }

    /** To the stream of a large group. */
    static PublishRun toGroup(ConversationId group, boolean asking) {
        var key = RedisKeys.group(group).getBytes(ISO_8859_1);
        return new PublishRun(new Call(Script.GROUP, List.of(key), notBefore(), asking), group);
    }

    /** What is stored nowhere, to some of those it is for. */
    static PublishRun live(Answers told, List<UserId> some) {
        byte[] frame =
                LiveFrames.encode(new LiveFrame.Ephemeral(told.publication().event()));
        var channels = some.stream()
                .map(user -> RedisKeys.live(user).getBytes(ISO_8859_1))
                .toList();
        var run = new PublishRun(new Call(Script.LIVE, channels, List.of(frame), false), null);
        run.shares.add(new Share(told, List.of()));
        return run;
    }

    /** None of the events was told before, until {@link #since} says otherwise. */
    private static List<byte[]> notBefore() {
        return new ArrayList<>(List.of(NOTHING));
    }

    Call call() {
        return call;
    }

    /** In the order in which the script answers. */
    List<Share> shares() {
        return shares;
    }

    /** The large group that is told; null: people are. */
    @Nullable
    ConversationId group() {
        return group;
    }

    /** How often some stream is told something. */
    int entries() {
        return group == null ? call.keys().size() : shares.size();
    }

    /** The events may have been told before, the oldest of them then. */
    void since(long millis) {
        call.arguments().set(0, Long.toString(millis).getBytes(ISO_8859_1));
    }

    /** Adds an event, for some of its recipients. */
    void tell(Answers told, List<UserId> some) {
        for (var user : some) {
            call.keys().add(RedisKeys.stream(user).getBytes(ISO_8859_1));
        }
        call.arguments().add(Integer.toString(some.size()).getBytes(ISO_8859_1));
        addEvent(told.publication());
        shares.add(new Share(told, some));
    }

    /** Adds an event for the group, of which someone left last then. */
    void tellGroup(Answers told, long departedMillis) {
        addEvent(told.publication());
        call.arguments().add(Long.toString(departedMillis).getBytes(ISO_8859_1));
        shares.add(new Share(told, List.of()));
    }

    private void addEvent(Publication publication) {
        var event = publication.event();
        byte[] whole = LiveFrames.encode(event);
        boolean isSmall = event.json().length <= WHOLE_BYTES_MAX && publication.storedWhole();
        boolean isWhole = isSmall || !References.canResolve(event);
        call.arguments().add(isWhole ? whole : LiveFrames.encode(reference(event)));
        call.arguments().add(isWhole ? NOTHING : whole); // empty: the same as what is stored
        boolean isRepeat = publication.mode() == Publication.Mode.REPEAT;
        call.arguments().add(isRepeat ? event.key().getBytes(ISO_8859_1) : NOTHING);
    }

    private static EncodedEvent reference(EncodedEvent event) {
        return new EncodedEvent(event.type(), event.key(), event.timeMillis(), NOTHING);
    }
}
