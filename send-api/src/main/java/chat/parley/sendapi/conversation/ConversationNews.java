package chat.parley.sendapi.conversation;

import chat.parley.conversation.ChangeOutcome.MemberChange;
import chat.parley.conversation.Conversation;
import chat.parley.conversation.Conversations;
import chat.parley.conversation.LargeGroups;
import chat.parley.conversation.Notice;
import chat.parley.conversation.Roster;
import chat.parley.event.ChatEvent;
import chat.parley.event.EventLog;
import chat.parley.event.Publication;
import chat.parley.event.PublishOutcome;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.outbox.Outbox;
import chat.parley.outbox.OutboxKind;
import chat.parley.sendapi.message.SendNotice;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells those concerned what was just committed. Whatever fails here is told later by the relay, so nothing here fails a request that is
 * already done.
 */
public final class ConversationNews {
    private static final Logger LOG = LoggerFactory.getLogger(ConversationNews.class);

    private final Conversations conversations;
    private final EventLog events;
    private final Outbox outbox;
    /** Events published at once, each to one person or to all of a small group; where a large group ends, each member is told. */
    private static final int AT_ONCE = 2_000;

    /** Most people told one by one that a group is large: those who were there when it became so, and those of the step that made it so. */
    private static final int EACH_MAX = 2 * Roster.BATCH_MAX;

    private final SendNotice notices;
    private final LargeGroups groups;

    /** The stores are closed by the caller. */
    public ConversationNews(
            Conversations conversations, LargeGroups groups, EventLog events, Outbox outbox, SendNotice notices) {
        this.conversations = conversations;
        this.groups = groups;
        this.events = events;
        this.outbox = outbox;
        this.notices = notices;
    }

    void created(Conversation conversation, UserId actor, long outboxId) {
        var event = new ChatEvent.ConversationCreated(conversation, actor, conversation.createdAt());
        tell(
                conversation.id(),
                roster -> List.of(new News(
                        Publication.first(
                                event,
                                roster.large() ? each(conversation.id(), conversation.createdAt()) : users(roster)),
                        outboxId)));
    }

    void updated(ConversationId conversation, UserId actor, Instant at, long outboxId) {
        tell(
                conversation,
                roster -> conversations
                        .find(conversation)
                        .map(now -> new ChatEvent.ConversationUpdated(now, actor, at))
                        .map(event -> new News(
                                roster.large()
                                        ? Publication.toGroup(event, roster.departedMillis(), Publication.Mode.FIRST)
                                        : Publication.first(event, users(roster)),
                                outboxId))
                        .stream()
                        .toList());
    }

    /** Each member is told by the own stream, so that the stream nodes where they are connected follow the group's stream from now on. */
    void becameLarge(ConversationId conversation, UserId actor, Instant at, long outboxId) {
        tell(
                conversation,
                roster -> conversations
                        .find(conversation)
                        .map(now -> new ChatEvent.ConversationUpdated(now, actor, at))
                        .map(event -> new News(Publication.first(event, each(conversation, at)), outboxId))
                        .stream()
                        .toList());
    }

    void membersChanged(ConversationId conversation, UserId actor, Instant at, List<MemberChange> changes) {
        if (changes.isEmpty()) {
            return;
        }
        for (int from = 0; from < changes.size(); from += AT_ONCE) {
            membersChangedAtOnce(
                    conversation, actor, at, changes.subList(from, Math.min(from + AT_ONCE, changes.size())));
        }
    }

    private void membersChangedAtOnce(
            ConversationId conversation, UserId actor, Instant at, List<MemberChange> changes) {
        tell(conversation, roster -> {
            var members = users(roster);
            var joiners = new HashSet<UserId>();
            for (var change : changes) {
                if (change.kind() == OutboxKind.MEMBER_JOINED) {
                    joiners.add(change.member().user());
                }
            }
            var news = new ArrayList<News>();
            for (var change : changes) {
                Collection<UserId> audience =
                        roster.large() ? List.of(change.member().user()) : audience(change, members, joiners);
                news.add(new News(Publication.first(event(change, actor, at), audience), change.outboxId()));
            }
            return news;
        });
    }

    /** What is to stand among the messages is stored and told as one. */
    void noticed(Notice notice) {
        try {
            if (!notices.send(notice)) {
                LOG.warn("a notice in {} is left to the relay: its members change fast", notice.conversation());
            }
        } catch (StoreUnavailable e) {
            LOG.warn("a notice in {} is left to the relay: {}", notice.conversation(), e.getMessage());
        }
    }

    private record News(Publication publication, long outboxId) {}

    private interface Draft {
        List<News> of(Roster roster);
    }

    private static Set<UserId> users(Roster roster) {
        return roster.members().keySet();
    }

    private List<UserId> each(ConversationId conversation, Instant at) {
        return groups.membersBy(conversation, at, EACH_MAX);
    }

    private void tell(ConversationId conversation, Draft draft) {
        try {
            // Read anew: the cache must know of the change too before the next message is sent from here.
            var roster = conversations.freshRoster(conversation).orElseGet(() -> Roster.nobody(conversation));
            var news = draft.of(roster);
            var outcomes = events.publish(news.stream().map(News::publication).toList());
            for (int i = 0; i < outcomes.size(); i++) {
                if (outcomes.get(i) instanceof PublishOutcome.Published) {
                    outbox.done(news.get(i).outboxId());
                }
            }
        } catch (StoreUnavailable e) {
            LOG.warn("what changed in {} is told by the relay: {}", conversation, e.getMessage());
        }
    }

    /**
     * Everyone, and who left. Of people who joined together each is told of itself only: it reads the members anyway, and a thousand who join a
     * thousand would otherwise cost a million entries.
     */
    private static Collection<UserId> audience(MemberChange change, Set<UserId> members, Set<UserId> joiners) {
        var audience = new LinkedHashSet<>(members);
        if (change.kind() == OutboxKind.MEMBER_JOINED) {
            audience.removeAll(joiners);
        }
        audience.add(change.member().user());
        return audience;
    }

    private static ChatEvent event(MemberChange change, UserId actor, Instant at) {
        return switch (change.kind()) {
            case MEMBER_JOINED -> new ChatEvent.MemberJoined(change.member(), actor, at);
            case MEMBER_UPDATED -> new ChatEvent.MemberUpdated(change.member(), actor, at);
            case MEMBER_LEFT -> new ChatEvent.MemberLeft(change.member(), actor, at);
            case MESSAGE_CREATED,
                    MESSAGE_CHANGED,
                    CONVERSATION_CREATED,
                    CONVERSATION_UPDATED,
                    MARKS_ADVANCED,
                    NOTICE_DUE -> throw new IllegalArgumentException("no change of members: " + change.kind());
        };
    }
}
