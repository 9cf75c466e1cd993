package chat.parley.stream;

import chat.parley.conversation.Conversations;
import chat.parley.conversation.LargeGroups;
import chat.parley.conversation.LargeGroups.Seat;
import chat.parley.event.Expired;
import chat.parley.event.GroupLog;
import chat.parley.event.GroupLog.Place;
import chat.parley.event.LiveFrame.Entry;
import chat.parley.event.References;
import chat.parley.event.Superseded;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageStore;
import chat.parley.ops.StoreUnavailable;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What is asked about large groups for each who comes, at one node: when thousands of one group come back together, they ask the same, and are answered
 * together. No answer is older than its question, so that whoever first subscribes and then asks misses nothing. Safe for use by many threads; methods block, and
 * throw {@link StoreUnavailable}.
 */
final class GroupReads {
    /** Entries of one read. */
    private static final int PAGE = 400;

    private final GroupLog log;
    private final MessageStore messages;
    private final Conversations conversations;
    private final BatchedReads<UserId, List<LargeGroups.Place>> groups;
    private final BatchedReads<Seat, Boolean> still;
    private final SharedReads<ConversationId, Place> ends;
    private final SharedReads<Moment, Optional<Place>> moments;
    private final SharedReads<After, Optional<Part>> parts;

    /** @param blocking runs what blocks */
    GroupReads(LargeGroups large, GroupLog log, MessageStore messages, Conversations conversations, Executor blocking) {
        this.log = log;
        this.messages = messages;
        this.conversations = conversations;
        this.groups = new BatchedReads<>(blocking, large::of, List.of());
        this.still = new BatchedReads<>(
                blocking,
                seats -> large.still(seats).stream().collect(Collectors.toMap(Function.identity(), seat -> true)),
                false);
        this.ends = new SharedReads<>(log::end);
        this.moments = new SharedReads<>(moment -> log.at(moment.conversation, moment.millis));
        this.parts = new SharedReads<>(this::read);
    }

    private record Moment(ConversationId conversation, long millis) {}

    private record After(ConversationId conversation, Place place) {}

    /**
     * A part of a group's stream.
     *
     * @param events what is to be told of it to those who see it: whole ones, without what later ones supersede, and what expired
     * @param last where it ends
     * @param hasMore whether more may follow
     */
    record Part(List<Delivery> events, Place last, boolean hasMore) {}

    /** The large groups of {@code user}. */
    List<LargeGroups.Place> of(UserId user) {
        return groups.ask(user);
    }

    /** Whether {@code user} is a member still, and as it is said here. */
    boolean isStill(UserId user, LargeGroups.Place place) {
        return still.ask(new Seat(user, place));
    }

    /** As {@link GroupLog#end}. */
    Place end(ConversationId conversation) {
        return ends.ask(conversation);
    }

    /** As {@link GroupLog#at}. */
    Optional<Place> at(ConversationId conversation, long millis) {
        return moments.ask(new Moment(conversation, millis));
    }

    /** What comes right after {@code place}; empty where the stream cannot tell that nothing is missing. */
    Optional<Part> next(ConversationId conversation, Place place) {
        return parts.ask(new After(conversation, place));
    }

    private Optional<Part> read(After after) {
        return log.next(after.conversation, after.place, PAGE).map(entries -> part(after.place, entries));
    }

    private Part part(Place from, List<Entry> entries) {
        var present = Expired.drop(Superseded.drop(entries), conversations::firstSeqs);
        // Messages without what they answer, which not everyone may see.
        var whole = References.resolve(present, messages, unused -> Long.MAX_VALUE);
        return new Part(
                whole.stream().map(Entry::event).map(Delivery::ofGroup).toList(),
                entries.isEmpty() ? from : Place.of(entries.getLast()),
                entries.size() >= PAGE);
    }
}
