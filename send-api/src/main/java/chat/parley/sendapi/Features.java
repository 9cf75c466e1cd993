package chat.parley.sendapi;

import chat.parley.account.OpaqueSecrets;
import chat.parley.conversation.Bans;
import chat.parley.conversation.ConversationChanges;
import chat.parley.conversation.ConversationCreation;
import chat.parley.conversation.ConversationList;
import chat.parley.conversation.Expiry;
import chat.parley.conversation.Invites;
import chat.parley.conversation.LargeGroups;
import chat.parley.conversation.Notices;
import chat.parley.conversation.NotificationChoices;
import chat.parley.conversation.OwnMemberships;
import chat.parley.conversation.PublicChannels;
import chat.parley.conversation.SettingsChanges;
import chat.parley.event.GroupLog;
import chat.parley.media.BlobStore;
import chat.parley.media.MediaCatalog;
import chat.parley.media.MediaCollector;
import chat.parley.message.Message;
import chat.parley.ops.Rounds;
import chat.parley.presence.PresenceAudience;
import chat.parley.presence.PresenceLeases;
import chat.parley.presence.TypingPace;
import chat.parley.push.BackgroundHints;
import chat.parley.push.PushChoices;
import chat.parley.push.PushErasure;
import chat.parley.push.ShownPushes;
import chat.parley.push.VapidKeys;
import chat.parley.receipt.Receipts;
import chat.parley.receipt.UnreadCounts;
import chat.parley.safety.Blocks;
import chat.parley.safety.OwnSafety;
import chat.parley.safety.Reports;
import chat.parley.search.SearchIndex;
import chat.parley.sendapi.account.AccountRoutes;
import chat.parley.sendapi.conversation.BanRoutes;
import chat.parley.sendapi.conversation.ChangeConversation;
import chat.parley.sendapi.conversation.ChannelRoutes;
import chat.parley.sendapi.conversation.ConversationNews;
import chat.parley.sendapi.conversation.ConversationRoutes;
import chat.parley.sendapi.conversation.ConversationView;
import chat.parley.sendapi.conversation.CreateConversation;
import chat.parley.sendapi.conversation.InviteLinks;
import chat.parley.sendapi.conversation.InviteRoutes;
import chat.parley.sendapi.conversation.MemberRoutes;
import chat.parley.sendapi.conversation.NotificationRoutes;
import chat.parley.sendapi.conversation.Permissions;
import chat.parley.sendapi.conversation.PinRoutes;
import chat.parley.sendapi.device.DeviceRoutes;
import chat.parley.sendapi.device.MyDevices;
import chat.parley.sendapi.device.PushPreferenceRoutes;
import chat.parley.sendapi.http.Browsers;
import chat.parley.sendapi.http.RateLimit;
import chat.parley.sendapi.idempotency.Idempotency;
import chat.parley.sendapi.idempotency.IdempotencyKeys;
import chat.parley.sendapi.media.Download;
import chat.parley.sendapi.media.MediaGate;
import chat.parley.sendapi.media.MediaRoutes;
import chat.parley.sendapi.media.UploadMedia;
import chat.parley.sendapi.message.Attachments;
import chat.parley.sendapi.message.ChangeMessage;
import chat.parley.sendapi.message.History;
import chat.parley.sendapi.message.MessageChangeRoutes;
import chat.parley.sendapi.message.MessageNews;
import chat.parley.sendapi.message.MessageRoutes;
import chat.parley.sendapi.message.MessageSending;
import chat.parley.sendapi.message.Patience;
import chat.parley.sendapi.message.SendMessage;
import chat.parley.sendapi.message.SendNotice;
import chat.parley.sendapi.mydata.Eraser;
import chat.parley.sendapi.mydata.ErasureSteps;
import chat.parley.sendapi.mydata.ExportParts;
import chat.parley.sendapi.mydata.ExportRoutes;
import chat.parley.sendapi.picture.PictureCleaner;
import chat.parley.sendapi.picture.Thumbnails;
import chat.parley.sendapi.presence.PresenceRoutes;
import chat.parley.sendapi.receipt.ClearedPushes;
import chat.parley.sendapi.receipt.MarkNews;
import chat.parley.sendapi.receipt.ReceiptRoutes;
import chat.parley.sendapi.receipt.SeenBy;
import chat.parley.sendapi.relay.Relay;
import chat.parley.sendapi.retention.Retention;
import chat.parley.sendapi.safety.BlockRoutes;
import chat.parley.sendapi.safety.ReportRoutes;
import chat.parley.sendapi.search.IndexSweep;
import chat.parley.sendapi.search.Indexer;
import chat.parley.sendapi.search.SearchMessages;
import chat.parley.sendapi.search.SearchRoutes;
import chat.parley.sendapi.typing.Typing;
import chat.parley.sendapi.typing.TypingRoutes;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What this process can do: each feature's rules put together over the stores, by one method a feature. */
final class Features {
    final AccountRoutes accounts;
    final ConversationRoutes conversations;
    final MemberRoutes members;
    final ChannelRoutes channels;
    final InviteRoutes invites;
    final BanRoutes bans;
    final PinRoutes pins;
    final BlockRoutes blocks;
    final NotificationRoutes notifications;
    final ReportRoutes reports;
    final MessageSending sending;
    final MessageRoutes messages;
    final MediaGate media;
    final ReceiptRoutes receipts;
    final MessageChangeRoutes messageChanges;
    final ExportRoutes export;

    private static final Logger LOG = LoggerFactory.getLogger(Features.class);
    final TypingRoutes typing;
    final PresenceRoutes presence;
    final SearchRoutes search;
    final DeviceRoutes devices;
    final PushPreferenceRoutes pushPreferences;

    private final Stores stores;
    private final SendApiSettings settings;
    private final SendNotice sendNotice;
    private @Nullable MediaCollector collector;

    Features(Stores stores, SendApiSettings settings, Browsers browsers) {
        this.stores = stores;
        this.settings = settings;
        accounts = AccountRoutes.over(stores.accounts, stores.events, browsers, mediaCatalog(), stores.meters);
        var idempotency = idempotency();
        var index = new SearchIndex(stores.postgres);
        var messageNews = new MessageNews(stores.events, stores.pushes, stores.messages, indexer(index));
        media = new MediaGate(stores.blobs == null ? null : media(stores.blobs, idempotency));
        sendNotice = new SendNotice(
                stores.conversations, new Notices(stores.postgres), stores.messages, messageNews, stores.outbox);
        var change = changeConversation();
        var view = new ConversationView(stores.conversations, stores.messages);
        var permissions = new Permissions(stores.conversations);
        channels = new ChannelRoutes(new PublicChannels(stores.postgres), view, change);
        conversations = conversations(change, view, idempotency);
        members = new MemberRoutes(stores.conversations, change, idempotency);
        invites = invites(change, view, permissions, idempotency);
        bans = new BanRoutes(new Bans(stores.postgres, stores.messages, stores.clock), permissions, change);
        pins = new PinRoutes(stores.messages, permissions, change);
        blocks = new BlockRoutes(
                new Blocks(stores.postgres, stores.messages, stores.clock),
                stores.accounts.users(),
                stores.conversations);
        notifications = new NotificationRoutes(new NotificationChoices(stores.postgres), stores.clock);
        reports = new ReportRoutes(
                new Reports(stores.postgres, stores.clock, stores.meters), stores.messages, permissions);
        var history = new History(stores.conversations, stores.messages);
        sending = sending(messageNews);
        messages = new MessageRoutes(history);
        messageChanges = messageChanges(messageNews, history);
        search = search(index);
        receipts = receipts();
        export = export();
        typing = typing();
        presence = presence();
        devices = devices();
        pushPreferences = new PushPreferenceRoutes(new PushChoices(stores.postgres));
        startRelay();
        startEraser(change);
        startRetention(index);
    }

    private Idempotency idempotency() {
        var keys = new IdempotencyKeys(stores.postgres, stores.clock, stores.random);
        var cleanup = stores.opened(new Rounds("idempotency-cleanup", IdempotencyKeys.CLEANUP_PAUSE, keys::clean));
        cleanup.start();
        return new Idempotency(keys, stores.ids);
    }

    private ConversationNews conversationNews() {
        return new ConversationNews(
                stores.conversations, new LargeGroups(stores.postgres), stores.events, stores.outbox, sendNotice);
    }

    private ChangeConversation changeConversation() {
        return new ChangeConversation(
                stores.accounts.users(),
                new ConversationChanges(
                        stores.postgres,
                        stores.messages,
                        stores.clock,
                        settings.bounds().groups()),
                new SettingsChanges(stores.postgres, stores.messages, stores.clock),
                new Bans(stores.postgres, stores.messages, stores.clock),
                conversationNews());
    }

    private ConversationRoutes conversations(
            ChangeConversation change, ConversationView view, Idempotency idempotency) {
        var creation = new ConversationCreation(
                stores.postgres, stores.clock, settings.bounds().groups());
        var create =
                new CreateConversation(stores.accounts.users(), creation, stores.conversations, conversationNews());
        var list = new ConversationList(stores.postgres, stores.messages);
        return new ConversationRoutes(stores.conversations, list, view, channels, create, change, idempotency);
    }

    private InviteRoutes invites(
            ChangeConversation change, ConversationView view, Permissions permissions, Idempotency idempotency) {
        var links = new InviteLinks(
                new Invites(
                        stores.postgres,
                        stores.messages,
                        stores.clock,
                        settings.bounds().groups()),
                stores.conversations,
                new OpaqueSecrets(stores.random),
                change);
        return new InviteRoutes(links, view, permissions, idempotency);
    }

    private MessageSending sending(MessageNews news) {
        var patience = stores.opened(Patience.start());
        return new MessageSending(
                new SendMessage(stores.conversations, stores.messages, news, patience),
                new RateLimit("send", settings.bounds().sendsPerMinute(), Ticker.systemTicker()),
                new Attachments(mediaCatalog()));
    }

    private MessageChangeRoutes messageChanges(MessageNews news, History history) {
        return new MessageChangeRoutes(
                new ChangeMessage(
                        stores.conversations,
                        stores.messages,
                        news,
                        stores.clock,
                        settings.bounds().editWindow()),
                history,
                new RateLimit("change", settings.bounds().sendsPerMinute(), Ticker.systemTicker()));
    }

    private MediaCatalog mediaCatalog() {
        return new MediaCatalog(stores.postgres, stores.clock, settings.media().limits());
    }

    private MediaRoutes media(BlobStore blobs, Idempotency idempotency) {
        var limits = settings.media().limits();
        var catalog = mediaCatalog();
        var thumbnails = stores.opened(new Thumbnails(stores.meters));
        collector = stores.opened(MediaCollector.start(catalog, blobs, Thumbnails.SIZES, stores.clock, stores.meters));
        return new MediaRoutes(
                catalog,
                new UploadMedia(catalog, blobs, new PictureCleaner(limits.pixelsMax()), thumbnails),
                new Download(blobs, stores.meters),
                idempotency,
                limits,
                stores.meters);
    }

    private ReceiptRoutes receipts() {
        var news = stores.opened(new MarkNews(
                stores.conversations,
                stores.events,
                stores.outbox,
                new ClearedPushes(new ShownPushes(stores.redis), stores.pushes),
                stores.meters));
        var receipts =
                stores.opened(new Receipts(stores.postgres, stores.messages, stores.clock, stores.meters, news::moved));
        return new ReceiptRoutes(
                receipts,
                new UnreadCounts(stores.postgres),
                new SeenBy(stores.conversations, stores.messages, receipts));
    }

    private PresenceLeases leases() {
        return new PresenceLeases(stores.redis, Clock.systemUTC());
    }

    private ExportRoutes export() {
        var parts = List.of(
                ExportParts.account(stores.accounts),
                ExportParts.conversations(new OwnMemberships(stores.postgres), stores.messages),
                ExportParts.reactions(stores.messages),
                ExportParts.media(mediaCatalog()),
                ExportParts.presence(leases()),
                ExportParts.devices(stores.devices, new PushChoices(stores.postgres)),
                ExportParts.safety(
                        new Blocks(stores.postgres, stores.messages, stores.clock), new OwnSafety(stores.postgres)));
        var limit = new RateLimit("export", ExportRoutes.AN_HOUR, Duration.ofHours(1), Ticker.systemTicker());
        return new ExportRoutes(parts, limit, stores.meters);
    }

    /** Streams last: what the steps before them tell is published by then. */
    private void startEraser(ChangeConversation change) {
        var memberships = new OwnMemberships(stores.postgres);
        var steps = List.of(
                ErasureSteps.memberships(memberships, change::leaveForGood),
                ErasureSteps.words(memberships, stores.messages),
                ErasureSteps.choices(memberships, new OwnSafety(stores.postgres)),
                ErasureSteps.answers(new IdempotencyKeys(stores.postgres, stores.clock, stores.random)),
                ErasureSteps.tickets(stores.accounts.erasures()),
                ErasureSteps.media(mediaCatalog(), collector),
                ErasureSteps.presence(leases()),
                ErasureSteps.search(new SearchIndex(stores.postgres)),
                ErasureSteps.devices(
                        stores.devices, new PushChoices(stores.postgres), new BackgroundHints(stores.redis)),
                ErasureSteps.pushes(new PushErasure(stores.redis)),
                ErasureSteps.told(stores.outbox),
                ErasureSteps.streams(memberships, stores.events, new GroupLog(stores.redis)));
        var eraser = new Eraser(
                stores.postgres,
                stores.accounts.erasures(),
                steps,
                () -> LOG.info("Redis writes its file anew: {}", stores.redis.rewriteFile()),
                stores.clock,
                stores.meters);
        stores.opened(eraser.start());
    }

    private TypingRoutes typing() {
        var pace = new TypingPace(stores.redis);
        var typing = new Typing(stores.conversations, stores.events, pace, stores.clock, Ticker.systemTicker());
        return new TypingRoutes(typing, Ticker.systemTicker());
    }

    private PresenceRoutes presence() {
        // The machine's clock, as at the stream nodes: the stores' clock may be ahead of it.
        var leases = leases();
        var audience = new PresenceAudience(stores.postgres);
        return new PresenceRoutes(settings.bounds().presence(), leases, audience, Ticker.systemTicker());
    }

    private DeviceRoutes devices() {
        var devices = new MyDevices(
                stores.devices,
                new BackgroundHints(stores.redis),
                stores.events,
                stores.pushes,
                stores.clock,
                stores.meters);
        stores.opened(new Rounds("device-hints", MyDevices.CATCH_UP_PAUSE, devices::catchUp))
                .start();
        var keys = new VapidKeys(stores.postgres, stores.clock);
        return new DeviceRoutes(devices, settings.subscriptions(), keys, stores.meters, Ticker.systemTicker());
    }

    /** What is told of each message that was stored or changed. */
    private Consumer<Message> indexer(SearchIndex index) {
        return settings.bounds().search() ? stores.opened(new Indexer(index, stores.meters))::accept : unused -> {};
    }

    private SearchRoutes search(SearchIndex index) {
        var limit = new RateLimit("search", SearchRoutes.PER_MINUTE, Ticker.systemTicker());
        if (!settings.bounds().search()) {
            return new SearchRoutes(null, limit);
        }
        stores.opened(new IndexSweep(index, stores.messages, stores.clock, stores.meters).start());
        return new SearchRoutes(new SearchMessages(index, stores.conversations, stores.messages), limit);
    }

    private void startRelay() {
        var relay = new Relay(
                stores.outbox,
                stores.messages,
                new Relay.Groups(stores.conversations, new LargeGroups(stores.postgres)),
                stores.events,
                stores.pushes,
                sendNotice,
                stores.clock,
                stores.meters);
        stores.opened(relay.start());
    }

    private void startRetention(SearchIndex index) {
        var retention = new Retention(
                new Expiry(stores.postgres, stores.messages, stores.clock),
                stores.messages,
                index,
                stores.outbox,
                settings.bounds().retention(),
                stores.clock,
                stores.meters);
        stores.opened(retention.start());
    }
}
