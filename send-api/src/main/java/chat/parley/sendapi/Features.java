package chat.parley.sendapi;

import chat.parley.conversation.ConversationChanges;
import chat.parley.conversation.ConversationCreation;
import chat.parley.presence.TypingPace;
import chat.parley.sendapi.account.AccountRoutes;
import chat.parley.sendapi.conversation.ChangeConversation;
import chat.parley.sendapi.conversation.ConversationNews;
import chat.parley.sendapi.conversation.ConversationRoutes;
import chat.parley.sendapi.conversation.CreateConversation;
import chat.parley.sendapi.conversation.MemberRoutes;
import chat.parley.sendapi.http.Browsers;
import chat.parley.sendapi.idempotency.Idempotency;
import chat.parley.sendapi.idempotency.IdempotencyCleanup;
import chat.parley.sendapi.idempotency.IdempotencyKeys;
import chat.parley.sendapi.message.History;
import chat.parley.sendapi.message.MessageNews;
import chat.parley.sendapi.message.MessageRoutes;
import chat.parley.sendapi.message.SendLimit;
import chat.parley.sendapi.message.SendMessage;
import chat.parley.sendapi.relay.Relay;
import chat.parley.sendapi.typing.Typing;
import chat.parley.sendapi.typing.TypingRoutes;
import com.github.benmanes.caffeine.cache.Ticker;

/** What this process can do: each feature's rules put together over the stores, by one method a feature. */
final class Features {
    final AccountRoutes accounts;
    final ConversationRoutes conversations;
    final MemberRoutes members;
    final MessageRoutes messages;
    final TypingRoutes typing;

    private final Stores stores;
    private final SendApiSettings settings;

    Features(Stores stores, SendApiSettings settings, Browsers browsers) {
        this.stores = stores;
        this.settings = settings;
        accounts = AccountRoutes.over(stores.accounts, stores.events, browsers, stores.meters);
        var idempotency = idempotency();
        var change = changeConversation();
        conversations = conversations(change, idempotency);
        members = new MemberRoutes(stores.conversations, change, idempotency);
        messages = messages();
        typing = typing();
        startRelay();
    }

    private Idempotency idempotency() {
        var keys = new IdempotencyKeys(stores.postgres, stores.clock, stores.random);
        stores.opened(new IdempotencyCleanup(keys));
        return new Idempotency(keys, stores.ids);
    }

    private ConversationNews conversationNews() {
        return new ConversationNews(stores.conversations, stores.events, stores.outbox);
    }

    private ChangeConversation changeConversation() {
        var changes = new ConversationChanges(stores.postgres, stores.clock);
        return new ChangeConversation(stores.accounts.users(), changes, conversationNews());
    }

    private ConversationRoutes conversations(ChangeConversation change, Idempotency idempotency) {
        var creation = new ConversationCreation(stores.postgres, stores.clock);
        var create =
                new CreateConversation(stores.accounts.users(), creation, stores.conversations, conversationNews());
        return new ConversationRoutes(stores.conversations, stores.messages, create, change, idempotency);
    }

    private MessageRoutes messages() {
        var news = new MessageNews(stores.events, stores.pushes, stores.outbox);
        return new MessageRoutes(
                new SendMessage(stores.conversations, stores.messages, news),
                new History(stores.conversations, stores.messages),
                new SendLimit(settings.bounds().sendsPerMinute(), Ticker.systemTicker()));
    }

    private TypingRoutes typing() {
        var pace = new TypingPace(stores.redis);
        var typing = new Typing(stores.conversations, stores.events, pace, stores.clock, Ticker.systemTicker());
        return new TypingRoutes(typing, Ticker.systemTicker());
    }

    private void startRelay() {
        var relay = new Relay(
                stores.outbox,
                stores.messages,
                stores.conversations,
                stores.events,
                stores.pushes,
                stores.clock,
                stores.meters);
        stores.opened(relay.start());
    }
}
