package chat.parley.stream;

import chat.parley.conversation.Conversations;
import chat.parley.conversation.LargeGroups;
import chat.parley.event.ChatEvent;
import chat.parley.event.EncodedEvent;
import chat.parley.event.EventJson;
import chat.parley.event.GroupLog.Place;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.ChangedMessage;
import chat.parley.message.Message;
import chat.parley.ops.StoreUnavailable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one client missed in its large groups: from their streams, or from history where those do not reach back so far. Made for one client and one thread; may
 * be read again and again, and then goes on where it was. Throws {@link StoreUnavailable}.
 */
final class GroupReplay {
    /** Places in a cursor, some 30 characters each: a request's headers have 16 KB with all proxies. */
    private static final int WRITTEN_MAX = 100;

    /** Of someone who is in no large group. */
    static final GroupReplay NONE = new GroupReplay(null, new UserId(0), List.of());

    private final @Nullable Sources reads;
    private final UserId user;
    private final List<LargeGroups.Place> groups;
    private final Map<ConversationId, Place> places = new HashMap<>();
    /** Of which the client is no member any more, or another one. */
    private final Set<ConversationId> left = new HashSet<>();

    private long told;
    /** The client was too slow for history while others waited. */
    private boolean isCutShort;
    /** Of the groups that are not read yet, those in which nothing happened since then; null: not asked for. */
    private @Nullable Set<ConversationId> quiet;

    /** Where it reads. */
    record Sources(
            GroupReads groups,
            LargeGroups large,
            Conversations conversations,
            HistoryReads history,
            Rebuilds rebuilds) {}

    /** Takes events in the order of each group. */
    interface Sink {
        /** Answers how many of them were wanted. */
        int take(List<Delivery> events);

        /** Whether no more is wanted. */
        boolean isOver();
    }

    /** The same groups, none of them read. */
    GroupReplay(GroupReplay other) {
        this(other.reads, other.user, other.groups);
    }

    /** @param groups those of {@code user}, which are followed already */
    GroupReplay(@Nullable Sources sources, UserId user, List<LargeGroups.Place> groups) {
        this.reads = sources;
        this.user = user;
        this.groups = groups;
    }

    boolean isEmpty() {
        return groups.isEmpty();
    }

    /** Goes on from the present end of each. */
    GroupReplay fromEnds() {
        for (var group : groups) {
            places.put(group.conversation(), sources().groups.end(group.conversation()));
        }
        return this;
    }

    /** Goes on from places that are known. Others are read from the time that {@link #read} says; so is a group that had no stream, of which nothing is known. */
    GroupReplay from(Map<ConversationId, Place> known) {
        known.forEach((conversation, place) -> {
            if (!place.equals(Place.START)) {
                places.put(conversation, place);
            }
        });
        return this;
    }

    /** Where each group was read to. */
    Map<ConversationId, Place> places() {
        return places;
    }

    /** Whether there was more than is told one by one, or than was taken in time: then the client has to be reset. */
    boolean isTooMuch() {
        return told > Past.CHANGES_MAX || isCutShort;
    }

    /**
     * Reads each group to its end.
     *
     * @param sinceMillis groups that were not read yet are read from then on
     * @return how many events were wanted
     */
    long read(long sinceMillis, Sink sink) {
        long wanted = 0;
        quiet = null;
        for (var group : groups) {
            var place = places.get(group.conversation());
            wanted += place == null ? readSince(group, sinceMillis, sink) : readAfter(group, place, sink);
            if (sink.isOver() || isTooMuch()) {
                break;
            }
        }
        return wanted;
    }

    private Sources sources() {
        return Objects.requireNonNull(reads, "nothing to read");
    }

    private long readSince(LargeGroups.Place group, long sinceMillis, Sink sink) {
        var place = sources().groups.at(group.conversation(), sinceMillis);
        if (place.isPresent()) {
            return readAfter(group, place.get(), sink);
        }
        if (hasNoStream(group) && quiet(sinceMillis).contains(group.conversation())) {
            reached(group, Place.START); // as most are that have no stream: nobody said anything for days
            return 0;
        }
        return readHistoryAndOn(group, sinceMillis, sink);
    }

    private boolean hasNoStream(LargeGroups.Place group) {
        return sources().groups.end(group.conversation()).equals(Place.START);
    }

    /** One statement for all: what happens after it is published, and then the group has a stream. */
    private Set<ConversationId> quiet(long sinceMillis) {
        var known = quiet;
        if (known == null) {
            var unread = groups.stream()
                    .map(LargeGroups.Place::conversation)
                    .filter(conversation -> !places.containsKey(conversation))
                    .toList();
            known = sources().large.quietSince(unread, instant(sinceMillis));
            quiet = known;
        }
        return known;
    }

    private static Instant instant(long millis) {
        return Instant.ofEpochMilli(Math.max(0, millis));
    }

    private long readAfter(LargeGroups.Place group, Place from, Sink sink) {
        long wanted = 0;
        var place = from;
        GroupReads.Part part;
        do {
            var next = sources().groups.next(group.conversation(), place);
            if (next.isEmpty()) { // trimmed, lost, or something was taken out
                return wanted + readHistoryAndOn(group, place.millis() - Past.OVERLAP.toMillis(), sink);
            }
            part = next.get();
            place = part.last();
            var seen = part.events().stream()
                    .filter(delivery -> GroupAudience.sees(group, delivery.event()))
                    .toList();
            wanted += take(group, seen, sink);
            reached(group, place);
        } while (part.hasMore() && !isOver(group, sink));
        return wanted;
    }

    private long readHistoryAndOn(LargeGroups.Place group, long sinceMillis, Sink sink) {
        // The end first: what is committed after it was read comes by the stream.
        var end = sources().groups.end(group.conversation());
        long wanted = readHistory(group, instant(sinceMillis), sink);
        reached(group, end);
        return isOver(group, sink) ? wanted : wanted + readAfter(group, end, sink);
    }

    /** Who left has no place: who comes back is told from the joining on. */
    private void reached(LargeGroups.Place group, Place place) {
        if (left.contains(group.conversation())) {
            places.remove(group.conversation());
        } else {
            places.put(group.conversation(), place);
        }
    }

    private boolean isOver(LargeGroups.Place group, Sink sink) {
        return sink.isOver() || isTooMuch() || left.contains(group.conversation());
    }

    /** Messages before the first that comes by the group's stream came by the person's own. */
    private long readHistory(LargeGroups.Place group, Instant since, Sink sink) {
        var conversation = group.conversation();
        long first = Math.max(group.joinedSeq(), group.fromSeq());
        var reads = sources().history;
        // What is read at once is a page; the place bounds how many read.
        try (var place = sources().rebuilds.enter(sink::isOver)) {
            long last = reads.last(conversation);
            long next = last < first ? first : reads.firstSince(conversation, first, last, since);
            var changed = reads.changedSince(Set.of(conversation), since, Past.CHANGES_MAX + 1).stream()
                    .filter(change -> change.seq() >= group.joinedSeq())
                    .toList();
            long all = Math.max(0, last - next + 1) + changed.size();
            if (told + all > Past.CHANGES_MAX) {
                told += all;
                return 0;
            }
            return tellChanged(group, changed, place, sink)
                    + tellSent(group, next, last, place, sink)
                    + tellSettings(group, since, sink);
        }
    }

    /** Its name and what else everyone sees of it, as it stands. */
    private long tellSettings(LargeGroups.Place group, Instant since, Sink sink) {
        var events = sources().conversations.find(group.conversation(), user).stream()
                .filter(membership -> !membership.updatedAt().isBefore(since))
                .map(StoredHistory::updated)
                .map(EventJson::encode)
                .toList();
        return takeFromHistory(group, events, sink);
    }

    private long tellChanged(LargeGroups.Place group, List<ChangedMessage> changed, Rebuilds.Place place, Sink sink) {
        long wanted = 0;
        for (int from = 0; from < changed.size() && !isOver(group, sink); from += CatchUp.PAGE) {
            var some = changed.subList(from, Math.min(from + CatchUp.PAGE, changed.size()));
            var events = new ArrayList<EncodedEvent>();
            var found = new HashMap<Long, Instant>();
            some.forEach(change -> found.put(change.seq(), change.at()));
            for (var message : sources().history.findAll(group.conversation(), found.keySet())) {
                var at = found.getOrDefault(message.seq(), message.createdAt());
                events.add(EventJson.encode(ChatEvent.changed(message, null, message.sender(), at)));
            }
            place.page();
            wanted += place.toClient(events, told -> takeFromHistory(group, told, sink));
            isCutShort |= place.gaveWay();
        }
        return wanted;
    }

    private long tellSent(LargeGroups.Place group, long first, long last, Rebuilds.Place place, Sink sink) {
        long wanted = 0;
        long reached = first - 1;
        while (reached < last && !isOver(group, sink)) {
            int size = (int) Math.min(CatchUp.PAGE, last - reached);
            var some = sources().history.after(group.conversation(), reached, size);
            if (some.isEmpty()) {
                break; // gone meanwhile
            }
            reached = some.getLast().seq();
            var events = some.stream().map(GroupReplay::told).toList();
            place.page();
            wanted += place.toClient(events, told -> takeFromHistory(group, told, sink));
            isCutShort |= place.gaveWay();
        }
        return wanted;
    }

    private static EncodedEvent told(Message message) {
        return EventJson.encode(
                message.isDeleted()
                        ? ChatEvent.changed(message, null, message.sender(), message.createdAt())
                        : new ChatEvent.MessageCreated(message, null));
    }

    private int takeFromHistory(LargeGroups.Place group, List<EncodedEvent> events, Sink sink) {
        return take(group, events.stream().map(Delivery::ofGroup).toList(), sink);
    }

    /** The membership is asked for when the events were read: nothing that was sent after it ended is among those that are told. */
    private int take(LargeGroups.Place group, List<Delivery> events, Sink sink) {
        if (events.isEmpty()) {
            return 0;
        }
        if (!sources().groups.isStill(user, group)) {
            left.add(group.conversation());
            return 0;
        }
        told += events.size();
        return sink.take(events);
    }

    /** The sink of a stream. */
    static Sink into(Subscriber subscriber) {
        return new Sink() {
            @Override
            public int take(List<Delivery> events) {
                return subscriber.replayGroup(events);
            }

            @Override
            public boolean isOver() {
                return subscriber.isOver();
            }
        };
    }

    /**
     * The groups' places as a poll's cursor carries them: the newest of those in which something was published since {@code sinceMillis}. Others are read from that
     * time.
     */
    String written(long sinceMillis) {
        var text = new StringBuilder();
        places.entrySet().stream()
                .filter(each -> each.getValue().millis() > sinceMillis)
                .sorted(Comparator.comparingLong(each -> -each.getValue().millis()))
                .limit(WRITTEN_MAX)
                .forEach(each -> text.append('~')
                        .append(each.getKey())
                        .append(Long.toString(each.getValue().millis(), Character.MAX_RADIX))
                        .append('.')
                        .append(Long.toString(each.getValue().n(), Character.MAX_RADIX)));
        return text.toString();
    }

    /** Reads what {@link #written} wrote, after a cursor; what is not ours is left out. */
    static Map<ConversationId, Place> parse(@Nullable String lastEventId) {
        var places = new HashMap<ConversationId, Place>();
        if (lastEventId == null) {
            return places;
        }
        String[] parts = lastEventId.split("~", -1);
        for (int i = 1; i < parts.length && i <= WRITTEN_MAX; i++) {
            int dot = parts[i].indexOf('.');
            if (dot <= ID_CHARS) {
                continue;
            }
            try {
                places.put(
                        ConversationId.parse(parts[i].substring(0, ID_CHARS)),
                        new Place(positive(parts[i].substring(ID_CHARS, dot)), positive(parts[i].substring(dot + 1))));
            } catch (IllegalArgumentException e) {
                return new HashMap<>(); // never ours: read by time
            }
        }
        return places;
    }

    private static long positive(String text) {
        long number = Long.parseLong(text, Character.MAX_RADIX);
        if (number < 1) {
            throw new IllegalArgumentException("no place");
        }
        return number;
    }

    private static final int ID_CHARS = 13;
}
