package chat.parley.sendapi.message;

import chat.parley.conversation.Conversations;
import chat.parley.conversation.Member;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.Message;
import chat.parley.message.MessageStore;
import chat.parley.message.MessageStore.ReactionPosition;
import chat.parley.message.MessageVersion;
import chat.parley.message.Reaction;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Reads history as one member may see it: from the message on that was the first after joining. Membership is asked of the database each time, because
 * who was just removed must not read on.
 */
public final class History {
    private final Conversations conversations;
    private final MessageStore messages;

    /** Both are closed by the caller. */
    public History(Conversations conversations, MessageStore messages) {
        this.conversations = conversations;
        this.messages = messages;
    }

    /**
     * A part of a history.
     *
     * @param quoted the messages that items answer, as they stand, where the reader may see them and they are no items themselves
     * @param before seq from which older ones are read on; null where there are none
     * @param after seq from which newer ones are read on; null where there are none
     */
    record Page(
            List<Message> items,
            List<Message> quoted,
            @Nullable Long before,
            @Nullable Long after) {}

    /** A page without what its items answer. */
    private record Part(
            List<Message> items,
            @Nullable Long before,
            @Nullable Long after) {}

    /** A page; empty when the reader is no member. */
    Optional<Page> page(ConversationId conversation, UserId reader, HistoryPosition position, int limit) {
        return conversations.member(conversation, reader).map(member -> {
            var part = switch (position.side()) {
                case BEFORE -> before(member, position.seq(), limit);
                case AFTER -> after(member, position.seq(), limit);
                case AROUND -> around(member, position.seq(), limit);
            };
            return new Page(part.items, quoted(member, part.items), part.before, part.after);
        });
    }

    /** One message; empty when there is none that the reader may see. */
    Optional<Message> find(ConversationId conversation, UserId reader, long seq) {
        return conversations
                .member(conversation, reader)
                .filter(member -> seq >= member.joinedSeq())
                .flatMap(member -> messages.find(conversation, seq));
    }

    /** What the message said before and says now; empty when the reader may not see it. */
    Optional<List<MessageVersion>> versions(ConversationId conversation, UserId reader, long seq) {
        return find(conversation, reader, seq).map(message -> messages.versions(conversation, seq));
    }

    /** Who reacted to the message; empty when the reader may not see it. */
    Optional<List<Reaction>> reactions(
            ConversationId conversation, UserId reader, long seq, @Nullable ReactionPosition after, int limit) {
        return find(conversation, reader, seq).map(message -> messages.reactions(conversation, seq, after, limit));
    }

    private List<Message> quoted(Member reader, List<Message> items) {
        var wanted = new TreeSet<Long>();
        for (var item : items) {
            var replyTo = item.body().replyTo();
            if (replyTo != null && replyTo >= reader.joinedSeq()) {
                wanted.add(replyTo);
            }
        }
        items.forEach(item -> wanted.remove(item.seq()));
        return wanted.isEmpty() ? List.of() : messages.findAll(reader.conversation(), wanted);
    }

    private Part before(Member reader, long before, int limit) {
        var found = visible(reader, messages.before(reader.conversation(), before, limit + 1));
        boolean older = found.size() > limit;
        var items = older ? found.subList(0, limit) : found;
        boolean newest = items.isEmpty() || before == Long.MAX_VALUE;
        return new Part(
                items,
                older ? items.getLast().seq() : null,
                newest ? null : items.getFirst().seq());
    }

    private Part after(Member reader, long after, int limit) {
        long from = Math.max(after, reader.joinedSeq() - 1);
        var found = messages.after(reader.conversation(), from, limit + 1);
        boolean newer = found.size() > limit;
        var items = newer ? found.subList(0, limit) : found;
        boolean older = !items.isEmpty() && items.getFirst().seq() > Math.max(1, reader.joinedSeq());
        return new Part(
                items,
                older ? items.getFirst().seq() : null,
                newer ? items.getLast().seq() : null);
    }

    private Part around(Member reader, long middle, int limit) {
        int half = limit / 2;
        var older = half == 0 ? new Part(List.of(), null, null) : before(reader, middle, half);
        var newer = after(reader, middle - 1, limit - half);
        var items = new ArrayList<>(older.items.reversed());
        items.addAll(newer.items);
        return new Part(items, half == 0 ? newer.before : older.before, newer.after);
    }

    private static List<Message> visible(Member reader, List<Message> newestFirst) {
        int visible = newestFirst.size();
        while (visible > 0 && newestFirst.get(visible - 1).seq() < reader.joinedSeq()) {
            visible--;
        }
        return newestFirst.subList(0, visible);
    }
}
