package chat.parley.stream;

import chat.parley.conversation.Head;
import chat.parley.conversation.MemberState;
import chat.parley.conversation.MembersMarks;
import chat.parley.conversation.Membership;
import chat.parley.event.ChatEvent;
import chat.parley.event.EncodedEvent;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** History in PostgreSQL and the message store. */
final class StoredHistory implements History {
    /**
     * Conversations with new messages that are told at once: each has its next messages in memory while they are merged. With news in more, a client that reloads is
     * served better.
     */
    static final int RUNS_MAX = 1_000;

    private final HistoryReads reads;

    StoredHistory(HistoryReads reads) {
        this.reads = reads;
    }

    @Override
    public List<Head> heads(UserId user, int limit) {
        return reads.heads(user, limit);
    }

    @Override
    public Changes since(UserId user, Instant since) {
        var known = reads.since(user, since);
        var events = new ArrayList<ChatEvent>();
        var runs = new ArrayList<Run>();
        var sight = new HashMap<ConversationId, Long>();
        long count = known.changes().size();
        if (known.memberships().size() > Past.CHANGES_MAX) {
            return new TooMany(); // some may be missing
        }
        for (var membership : known.memberships()) {
            addConversationEvents(membership, since, events);
            if (count + events.size() > Past.CHANGES_MAX || runs.size() > RUNS_MAX) {
                return new TooMany();
            }
            if (membership.me().left() == null) {
                sight.put(
                        membership.conversation().id(), membership.me().member().joinedSeq());
            }
            var run = run(membership, since);
            if (run != null) {
                runs.add(run);
                count += run.count();
            }
        }
        for (var change : known.changes()) {
            events.add(memberEvent(change));
        }
        for (var marks : known.marks()) {
            addMarkEvents(marks, events);
        }
        if (count + events.size() > Past.CHANGES_MAX) {
            return new TooMany();
        }
        events.sort(Comparator.comparing(ChatEvent::at));
        var changed = reads.changedSince(sight.keySet(), since, Past.CHANGES_MAX + 1).stream()
                .filter(change -> change.seq() >= sight.getOrDefault(change.conversation(), Long.MAX_VALUE))
                .toList();
        long all = count + events.size() - known.changes().size() + changed.size();
        return all > Past.CHANGES_MAX
                ? new TooMany()
                : new MergedChanges(all, new MergedChanges.Sources(events, changed, runs), sight, reads);
    }

    /** More than is told one by one; none of it was read. */
    private static final class TooMany implements Changes {
        @Override
        public long count() {
            return Past.CHANGES_MAX + 1L;
        }

        @Override
        public List<EncodedEvent> next(int limit) {
            throw new IllegalStateException("too many changes to tell");
        }
    }

    /** Who did it is not kept; the event names the one it happened to, or the longest member. */
    private static void addConversationEvents(Membership membership, Instant since, List<ChatEvent> events) {
        var conversation = membership.conversation();
        var me = membership.me();
        if (me.left() != null) {
            events.add(new ChatEvent.MemberLeft(
                    me.member(), me.member().user(), me.left().at()));
            return;
        }
        if (membership.updatedAt().isBefore(since)) {
            return;
        }
        boolean isNew = !conversation.createdAt().isBefore(since);
        events.add(
                isNew
                        ? new ChatEvent.ConversationCreated(conversation, actor(membership), conversation.createdAt())
                        : updated(membership));
    }

    /** The settings of a conversation as they stand. */
    static ChatEvent updated(Membership membership) {
        return new ChatEvent.ConversationUpdated(membership.conversation(), actor(membership), membership.updatedAt());
    }

    private static UserId actor(Membership membership) {
        var members = membership.conversation().members();
        return members.isEmpty()
                ? membership.me().member().user()
                : members.getFirst().user();
    }

    /** Marks as they stand; reading implies receiving. */
    private static void addMarkEvents(MembersMarks marks, List<ChatEvent> events) {
        events.add(new ChatEvent.ReadAdvanced(marks.conversation(), marks.user(), marks.readSeq(), marks.at()));
        if (marks.deliveredSeq() > marks.readSeq()) {
            events.add(new ChatEvent.DeliveredAdvanced(
                    marks.conversation(), marks.user(), marks.deliveredSeq(), marks.at()));
        }
    }

    private static ChatEvent memberEvent(MemberState state) {
        var actor = state.member().user();
        if (state.left() != null) {
            return new ChatEvent.MemberLeft(state.member(), actor, state.changedAt());
        }
        return state.joinedLast()
                ? new ChatEvent.MemberJoined(state.member(), actor, state.changedAt())
                : new ChatEvent.MemberUpdated(state.member(), actor, state.changedAt());
    }

    /** The messages of one conversation that are to be told, first to last; null when there are none. */
    private @Nullable Run run(Membership membership, Instant since) {
        var conversation = membership.conversation();
        if (conversation.lastSeq() == 0 || conversation.lastAt().isBefore(since)) {
            return null;
        }
        var me = membership.me();
        long least = me.member().joinedSeq();
        long last =
                me.left() == null ? conversation.lastSeq() : Math.min(me.left().seq(), conversation.lastSeq());
        if (least > last) {
            return null;
        }
        long first = reads.firstSince(conversation.id(), least, last, since);
        return first > last ? null : new Run(conversation.id(), first, last);
    }
}
