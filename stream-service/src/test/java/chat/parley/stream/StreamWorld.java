package chat.parley.stream;

import chat.parley.account.AccountSettings;
import chat.parley.account.Accounts;
import chat.parley.account.DisplayName;
import chat.parley.account.OpenedSession;
import chat.parley.account.SessionCookie;
import chat.parley.account.Username;
import chat.parley.account.Users;
import chat.parley.conversation.ConversationCreation;
import chat.parley.conversation.ConversationCreation.Wish;
import chat.parley.conversation.Conversations;
import chat.parley.conversation.CreateOutcome;
import chat.parley.event.ChatEvent;
import chat.parley.event.EventLog;
import chat.parley.event.Publication;
import chat.parley.event.PublishOutcome;
import chat.parley.id.ConversationId;
import chat.parley.id.IdSource;
import chat.parley.id.UserId;
import chat.parley.message.AppendOutcome;
import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageSettings;
import chat.parley.message.MessageStore;
import chat.parley.message.MessageStores;
import chat.parley.message.NewMessage;
import chat.parley.ops.Health;
import chat.parley.ops.Meters;
import chat.parley.ops.MonotonicClock;
import chat.parley.ops.Secret;
import chat.parley.postgres.Postgres;
import chat.parley.redis.Redis;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.TestIds;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A small Parley around stream nodes: people, conversations, and a sender that stores and publishes as send-api does. */
final class StreamWorld implements AutoCloseable {
    static final StreamSettings.Limits LIMITS = new StreamSettings.Limits(
            1_000, 20, 1_000, Duration.ofMinutes(5), Duration.ofMinutes(10), Duration.ofSeconds(2));

    final Postgres postgres;
    final Redis redis;
    final EventLog log;
    final MessageStore messages;
    final Conversations conversations;
    final Accounts accounts;
    private final ConversationCreation creation;
    private final IdSource ids;
    private final MonotonicClock clock = new MonotonicClock(Clock.systemUTC());
    private final Meters meters = new Meters();
    private final Postgres.Address address;
    private final URI redisUri;
    private final MessageSettings messageSettings;
    private final List<AutoCloseable> opened = new ArrayList<>();

    StreamWorld(RealPostgres database, String redisUri) {
        this(database, redisUri, MessageSettings.POSTGRES);
    }

    /** @param messageSettings where messages are kept */
    StreamWorld(RealPostgres database, String redisUri, MessageSettings messageSettings) {
        this.messageSettings = messageSettings;
        this.redisUri = URI.create(redisUri);
        address = new Postgres.Address(database.jdbcUrl(), database.user(), new Secret(database.password()));
        postgres = Postgres.open(address, 6);
        redis = Redis.open(this.redisUri, 6);
        log = new EventLog(redis, clock, meters.registry());
        messages = MessageStores.connect(messageSettings, new Health(), opened::add)
                .open(new MessageStores.Ground(postgres, null, clock, meters.registry()));
        conversations = new Conversations(postgres, messages);
        creation = new ConversationCreation(postgres, clock);
        ids = TestIds.fresh();
        accounts = Accounts.open(accountSettings(), postgres, ids, clock, meters.registry());
    }

    /** A person with an open session. */
    record Person(UserId user, OpenedSession session, String token) {
        String cookie() {
            var cookie = session.cookie();
            if (cookie == null) throw new IllegalStateException("opened without a cookie");
            return SessionCookie.PLAIN.cookieName() + "=" + cookie.reveal();
        }
    }

    /** A stream node over the same stores. */
    static final class NodeUnderTest implements AutoCloseable {
        final Meters meters = new Meters();
        final StreamService service;
        final StreamServer server;

        NodeUnderTest(StreamSettings settings) throws Exception {
            var health = new Health();
            service = StreamService.open(settings, meters.registry(), health);
            server = StreamServer.start(settings.server(), service, meters, health);
        }

        int port() {
            return server.port();
        }

        double counted(String meter, String tag, String value) {
            return meters.registry().get(meter).tag(tag, value).counter().count();
        }

        double open() {
            return meters.registry().get("parley.stream.connections").gauge().value();
        }

        @Override
        public void close() throws Exception {
            server.close();
            service.close();
            meters.close();
        }
    }

    NodeUnderTest node() throws Exception {
        return node(LIMITS);
    }

    NodeUnderTest node(StreamSettings.Limits limits) throws Exception {
        return node(limits, true);
    }

    NodeUnderTest node(StreamSettings.Limits limits, boolean presence) throws Exception {
        return new NodeUnderTest(new StreamSettings(
                new StreamSettings.ServerAddress("127.0.0.1", 0, -1),
                address,
                messageSettings,
                redisUri,
                8,
                accountSettings(),
                false,
                limits,
                presence));
    }

    Person person() {
        var name = new Username("u" + UUID.randomUUID().toString().substring(0, 18));
        var created = accounts.users().create(name, new DisplayName("Ann"), "no password opens this", null);
        if (!(created instanceof Users.Created.Fresh fresh)) {
            throw new IllegalStateException("not created: " + created);
        }
        return loggedIn(fresh.user().id());
    }

    /** The same person, logged in once more. */
    Person otherSession(Person person) {
        return loggedIn(person.user());
    }

    private Person loggedIn(UserId user) {
        var session = accounts.sessions().open(user, null, true);
        return new Person(
                user, session, accounts.accessTokens().issue(user, session.id()).reveal());
    }

    ConversationId direct(Person one, Person other) {
        return switch (creation.direct(ids.conversation(), one.user(), other.user())) {
            case CreateOutcome.Created created -> created.conversation().id();
            case CreateOutcome.Existed existed -> existed.conversation();
            case CreateOutcome.IdTaken taken -> throw new IllegalStateException("the id is taken: " + taken);
            case CreateOutcome.Blocked blocked ->
                throw new IllegalStateException("one has blocked the other: " + blocked);
        };
    }

    ConversationId group(Person owner, List<Person> others) {
        var users = others.stream().map(Person::user).toList();
        return switch (creation.create(ids.conversation(), owner.user(), Wish.group("group"), users)) {
            case CreateOutcome.Created created -> created.conversation().id();
            case CreateOutcome.Existed existed -> existed.conversation();
            case CreateOutcome.IdTaken taken -> throw new IllegalStateException("the id is taken: " + taken);
            case CreateOutcome.Blocked blocked ->
                throw new IllegalStateException("one has blocked the other: " + blocked);
        };
    }

    /** Stores a message, unpublished. */
    Message store(ConversationId conversation, Person sender, String text) {
        var roster = conversations.roster(conversation).orElseThrow();
        var outcome = messages.append(new NewMessage(
                conversation, roster.version(), sender.user(), UUID.randomUUID().toString(), MessageBody.text(text)));
        if (outcome instanceof AppendOutcome.Stored stored) {
            return stored.message();
        }
        throw new IllegalStateException("not stored: " + outcome);
    }

    /** Makes a conversation and its messages older than they are: what happened before a rebuild's overlap. */
    void age(ConversationId conversation, Duration by) {
        long id = conversation.value();
        var shift = "interval '" + by.toSeconds() + " seconds'";
        postgres.with(db ->
                db.execute("UPDATE message SET created_at = created_at - " + shift + " WHERE conversation_id = ?", id));
        postgres.with(db -> db.execute(
                "UPDATE conversation SET created_at = created_at - %1$s, updated_at = updated_at - %1$s, changed_at = changed_at - %1$s, last_at = last_at - %1$s WHERE id = ?"
                        .formatted(shift),
                id));
    }

    /** Publishes a message to all members; false when Redis did not take it. */
    boolean publish(Message message, boolean repeated) {
        var roster = conversations.roster(message.conversation()).orElseThrow();
        var event = new ChatEvent.MessageCreated(message, null);
        var publication = repeated
                ? Publication.repeat(event, roster.members().keySet())
                : Publication.first(event, roster.members().keySet());
        return log.publish(List.of(publication)).getFirst() instanceof PublishOutcome.Published;
    }

    /** Stores and publishes a message. */
    Message send(ConversationId conversation, Person sender, String text) {
        var message = store(conversation, sender, text);
        if (!publish(message, false)) {
            throw new IllegalStateException("Redis did not take it");
        }
        return message;
    }

    @Override
    public void close() {
        accounts.close();
        messages.close();
        opened.forEach(StreamWorld::close);
        log.close();
        redis.close();
        postgres.close();
        meters.close();
    }

    private static void close(AutoCloseable connection) {
        try {
            connection.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static AccountSettings accountSettings() {
        return new AccountSettings(null, List.of(SessionCookie.PLAIN));
    }
}
