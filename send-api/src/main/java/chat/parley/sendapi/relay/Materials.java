package chat.parley.sendapi.relay;

import chat.parley.conversation.Conversations;
import chat.parley.conversation.LargeGroups;
import chat.parley.conversation.Member;
import chat.parley.conversation.MembersMarks;
import chat.parley.conversation.Roster;
import chat.parley.event.ChatEvent;
import chat.parley.event.Publication;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.Message;
import chat.parley.message.MessageStore;
import chat.parley.outbox.Outbox;
import chat.parley.outbox.Outbox.Row;
import chat.parley.outbox.OutboxKind;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/** Makes events again from what rows refer to. For one batch of rows; reads each conversation once. */
final class Materials {
    private final Conversations conversations;
    private final MessageStore messages;
    private final LargeGroups groups;
    private final Map<ConversationId, Roster> rosters = new HashMap<>();
    private final Map<ConversationId, Map<UserId, LargeGroups.Place>> firstMembers = new HashMap<>();
    private final Map<ConversationId, Map<Long, Message>> found = new HashMap<>();

    /** Most people told one by one that their group is large. */
    private static final int EACH_MAX = 2 * Roster.BATCH_MAX;

    Materials(Conversations conversations, LargeGroups groups, MessageStore messages) {
        this.conversations = conversations;
        this.groups = groups;
        this.messages = messages;
    }

    /** Reads the messages that {@code rows} refer to, at one round trip a conversation. */
    void prepare(List<Row> rows) {
        var seqs = new HashMap<ConversationId, List<Long>>();
        for (var row : rows) {
            if (row.kind() == OutboxKind.MESSAGE_CREATED || row.kind() == OutboxKind.MESSAGE_CHANGED) {
                seqs.computeIfAbsent(row.conversation(), id -> new ArrayList<>())
                        .add(row.subject());
            }
        }
        seqs.forEach((conversation, wanted) -> {
            var byseq = new HashMap<Long, Message>();
            messages.findAll(conversation, wanted).forEach(message -> byseq.put(message.seq(), message));
            found.put(conversation, byseq);
        });
    }

    /**
     * The publications that {@code row} stands for, at least one.
     *
     * @throws IllegalStateException if what it refers to does not exist
     */
    List<Publication> publications(Row row) {
        return switch (row.kind()) {
            case MARKS_ADVANCED -> marks(row);
            case MESSAGE_CREATED -> messages(existing(row));
            default -> List.of(publication(row));
        };
    }

    private Publication publication(Row row) {
        return switch (row.kind()) {
            case MESSAGE_CHANGED -> {
                var message = existing(row);
                var event = ChatEvent.changed(message, null, row.actor(), row.at());
                yield isLarge(row) ? toGroup(event) : Publication.repeat(event, seeing(message));
            }
            case CONVERSATION_CREATED -> {
                var conversation = conversations.find(row.conversation()).orElseThrow(() -> missing(row));
                var event = new ChatEvent.ConversationCreated(conversation, row.actor(), row.at());
                yield Publication.repeat(event, membersBy(row.conversation(), row.at()));
            }
            case CONVERSATION_UPDATED -> {
                var conversation = conversations.find(row.conversation()).orElseThrow(() -> missing(row));
                var event = new ChatEvent.ConversationUpdated(conversation, row.actor(), row.at());
                boolean toEach = row.subject() == Outbox.TO_EACH.value();
                yield isLarge(row) && !toEach
                        ? toGroup(event)
                        : Publication.repeat(event, membersBy(row.conversation(), row.at()));
            }
            case MEMBER_JOINED -> {
                var event = new ChatEvent.MemberJoined(subject(row), row.actor(), row.at());
                yield Publication.repeat(event, joinAudience(row));
            }
            case MEMBER_UPDATED -> {
                var event = new ChatEvent.MemberUpdated(subject(row), row.actor(), row.at());
                yield Publication.repeat(event, withSubject(row, witnesses(row)));
            }
            case MEMBER_LEFT -> {
                var event = new ChatEvent.MemberLeft(subject(row), row.actor(), row.at());
                yield Publication.repeat(event, withSubject(row, witnesses(row)));
            }
            case MESSAGE_CREATED, MARKS_ADVANCED -> throw new IllegalArgumentException("stands for more than one");
            case NOTICE_DUE -> throw new IllegalArgumentException("becomes a message first");
        };
    }

    /** The marks as they stand now: which of them moved is not kept, and one told twice is the same to clients. */
    private List<Publication> marks(Row row) {
        var member = subject(row);
        var all = members(row.conversation()).stream().map(Member::user).toList();
        var audience = isLarge(row) || all.size() > MembersMarks.TOLD_MEMBERS_MAX ? List.of(member.user()) : all;
        var marks = new ArrayList<ChatEvent>();
        if (member.deliveredSeq() > member.readSeq()) {
            marks.add(new ChatEvent.DeliveredAdvanced(
                    row.conversation(), member.user(), member.deliveredSeq(), row.at()));
        }
        if (marks.isEmpty() || member.readSeq() >= member.joinedSeq()) {
            marks.add(new ChatEvent.ReadAdvanced(row.conversation(), member.user(), member.readSeq(), row.at()));
        }
        return marks.stream().map(event -> Publication.repeat(event, audience)).toList();
    }

    /**
     * The publications of a message, as it stands, to those members who may see it: what was deleted does not travel again. What it answers is not told
     * along; a replay does. In a large group those mentioned are told by their own streams too, and of what is older than the large group everyone is.
     */
    List<Publication> messages(Message message) {
        ChatEvent event = message.isDeleted()
                ? ChatEvent.changed(message, null, message.sender(), message.createdAt())
                : new ChatEvent.MessageCreated(message, null);
        if (!roster(message.conversation()).large()) {
            return List.of(Publication.repeat(event, seeing(message)));
        }
        var byName = new LinkedHashSet<>(toldByNameBefore(message));
        var mentions = message.body().mentions();
        if (!mentions.isEmpty()) {
            conversations.membersAmong(message.conversation(), mentions).forEach(member -> byName.add(member.user()));
        }
        return byName.isEmpty() ? List.of(toGroup(event)) : List.of(toGroup(event), Publication.repeat(event, byName));
    }

    /** Those whom the group's stream does not tell this message: it was committed before the group became large, and could not be published then. */
    private List<UserId> toldByNameBefore(Message message) {
        var firsts = firstMembers.computeIfAbsent(
                message.conversation(), conversation -> groups.firstMembers(conversation, EACH_MAX));
        return firsts.entrySet().stream()
                .filter(each -> each.getValue().joinedSeq() <= message.seq()
                        && message.seq() < each.getValue().fromSeq())
                .map(Map.Entry::getKey)
                .toList();
    }

    private Publication toGroup(ChatEvent event) {
        return Publication.toGroup(event, roster(event.conversation()).departedMillis(), Publication.Mode.REPEAT);
    }

    private boolean isLarge(Row row) {
        return roster(row.conversation()).large();
    }

    /** The publication of a change of a message, as it stands; who made it is not known. */
    Publication changed(Message message, Instant at) {
        var event = ChatEvent.changed(message, null, message.sender(), at);
        return roster(message.conversation()).large() ? toGroup(event) : Publication.repeat(event, seeing(message));
    }

    private List<UserId> seeing(Message message) {
        return members(message.conversation()).stream()
                .filter(member -> member.joinedSeq() <= message.seq())
                .map(Member::user)
                .toList();
    }

    /** The message that a row is about. */
    Message existing(Row row) {
        var message = found.getOrDefault(row.conversation(), Map.of()).get(row.subject());
        if (message == null) {
            throw missing(row);
        }
        return message;
    }

    private Member subject(Row row) {
        return conversations
                .memberState(row.conversation(), new UserId(row.subject()))
                .orElseThrow(() -> missing(row))
                .member();
    }

    /** As the first publication chose them: of people who joined together each is told of itself only. */
    private Collection<UserId> joinAudience(Row row) {
        var others = members(row.conversation()).stream()
                .filter(member -> member.joinedAt().isBefore(row.at()))
                .map(Member::user)
                .toList();
        return withSubject(row, others);
    }

    /** In a large group nobody else. */
    private Collection<UserId> witnesses(Row row) {
        return isLarge(row) ? List.of() : membersBy(row.conversation(), row.at());
    }

    private static Collection<UserId> withSubject(Row row, Collection<UserId> others) {
        var all = new LinkedHashSet<>(others);
        all.add(new UserId(row.subject()));
        return all;
    }

    /** Those who are told by name: in a large group of its beginning only. */
    private List<UserId> membersBy(ConversationId conversation, Instant at) {
        if (roster(conversation).large()) {
            return groups.membersBy(conversation, at, EACH_MAX);
        }
        return members(conversation).stream()
                .filter(member -> !member.joinedAt().isAfter(at))
                .map(Member::user)
                .toList();
    }

    /** Everyone; nobody where the group is large. */
    private Collection<Member> members(ConversationId conversation) {
        return roster(conversation).members().values();
    }

    private Roster roster(ConversationId conversation) {
        return rosters.computeIfAbsent(
                conversation, id -> conversations.freshRoster(id).orElseGet(() -> Roster.nobody(id)));
    }

    private static IllegalStateException missing(Row row) {
        return new IllegalStateException(row.kind() + " of " + row.conversation() + " refers to nothing");
    }
}
