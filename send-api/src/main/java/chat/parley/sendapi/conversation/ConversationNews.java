package chat.parley.sendapi.conversation;

import chat.parley.conversation.ChangeOutcome.MemberChange;
import chat.parley.conversation.Conversation;
import chat.parley.conversation.Conversations;
import chat.parley.conversation.Notice;
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
    private final SendNotice notices;

    /** The stores are closed by the caller. */
    public ConversationNews(Conversations conversations, EventLog events, Outbox outbox, SendNotice notices) {
        this.conversations = conversations;
        this.events = events;
        this.outbox = outbox;
        this.notices = notices;
    }

    void created(Conversation conversation, UserId actor, long outboxId) {
        var event = new ChatEvent.ConversationCreated(conversation, actor, conversation.createdAt());
        tell(conversation.id(), members -> List.of(new News(event, members, outboxId)));
    }

    void updated(ConversationId conversation, UserId actor, Instant at, long outboxId) {
        tell(
                conversation,
                members -> conversations
                        .find(conversation)
                        .map(now -> new News(new ChatEvent.ConversationUpdated(now, actor, at), members, outboxId))
                        .stream()
                        .toList());
    }

    void membersChanged(ConversationId conversation, UserId actor, Instant at, List<MemberChange> changes) {
        if (changes.isEmpty()) {
            return;
        }
        tell(conversation, members -> {
            var joiners = new HashSet<UserId>();
            for (var change : changes) {
                if (change.kind() == OutboxKind.MEMBER_JOINED) {
                    joiners.add(change.member().user());
                }
            }
            var news = new ArrayList<News>();
            for (var change : changes) {
                news.add(new News(event(change, actor, at), audience(change, members, joiners), change.outboxId()));
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

    private record News(ChatEvent event, Collection<UserId> audience, long outboxId) {}

    private interface Draft {
        List<News> of(Set<UserId> members);
    }

    private void tell(ConversationId conversation, Draft draft) {
        try {
            // Read anew: the cache must know of the change too before the next message is sent from here.
            var members = conversations
                    .freshRoster(conversation)
                    .map(roster -> roster.members().keySet())
                    .orElse(Set.of());
            var news = draft.of(members);
            var outcomes = events.publish(news.stream()
                    .map(each -> Publication.first(each.event(), each.audience()))
                    .toList());
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
