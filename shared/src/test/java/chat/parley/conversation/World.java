package chat.parley.conversation;

import chat.parley.conversation.ConversationCreation.Wish;
import chat.parley.conversation.CreateOutcome.Created;
import chat.parley.conversation.CreateOutcome.Existed;
import chat.parley.id.ConversationId;
import chat.parley.id.IdSource;
import chat.parley.id.UserId;
import chat.parley.message.MessageHeads;
import chat.parley.ops.Secret;
import chat.parley.postgres.Postgres;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.StepClock;
import chat.parley.testkit.TestIds;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The stores over a test's database, and people to put into conversations. */
final class World implements AutoCloseable {
    /** More than the threads of any test here, so that they wait for each other in the database and not in the pool. */
    private static final int CONNECTIONS = 20;

    private static final IdSource IDS = TestIds.fresh();

    final StepClock clock = StepClock.started();
    final Postgres postgres;
    final Conversations conversations;
    final ConversationList list;
    final ConversationCreation creation;
    final ConversationChanges changes;
    final SettingsChanges settings;

    /** One for all tests: a database serves a whole class, and its rows stay. */
    final IdSource ids = IDS;

    World(RealPostgres server) {
        postgres = Postgres.open(
                new Postgres.Address(server.jdbcUrl(), server.user(), new Secret(server.password())), CONNECTIONS);
        conversations = new Conversations(postgres, MessageHeads.IN_ROWS);
        list = new ConversationList(postgres, MessageHeads.IN_ROWS);
        creation = new ConversationCreation(postgres, clock);
        changes = new ConversationChanges(postgres, MessageHeads.IN_ROWS, clock);
        settings = new SettingsChanges(postgres, MessageHeads.IN_ROWS, clock);
    }

    UserId person() {
        var user = ids.user();
        execute("INSERT INTO users (id, username, display_name, search_name, created_at) VALUES (" + user.value()
                + ", 'u" + user.value() + "', 'Someone', 'someone', now())");
        return user;
    }

    List<UserId> people(int count) {
        var people = new ArrayList<UserId>();
        for (int i = 0; i < count; i++) {
            people.add(person());
        }
        return people;
    }

    ConversationId group(UserId owner, UserId... members) {
        return switch (creation.create(ids.conversation(), owner, Wish.group("A group"), List.of(members))) {
            case Created made -> made.conversation().id();
            case Existed existed -> throw new AssertionError(existed);
            case CreateOutcome.IdTaken taken -> throw new AssertionError(taken);
            case CreateOutcome.Blocked blocked -> throw new AssertionError(blocked);
        };
    }

    /** What the message store does to the row, without a message. */
    void messageSent(ConversationId conversation) {
        execute("UPDATE conversation SET last_seq = last_seq + 1, last_at = '" + clock.instant() + "' WHERE id = "
                + conversation.value());
    }

    int execute(String sql) {
        return postgres.<Integer, RuntimeException>with(db -> db.execute(sql));
    }

    long number(String sql) {
        return postgres.<Long, RuntimeException>with(
                db -> db.createQuery(sql).mapTo(Long.class).one());
    }

    Member member(ConversationId conversation, UserId user) {
        return conversations.member(conversation, user).orElseThrow();
    }

    /** Runs all of {@code tasks} at once; their results in order. */
    static <T> List<T> atOnce(List<Callable<T>> tasks) throws InterruptedException, ExecutionException {
        var start = new CountDownLatch(1);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var running = new ArrayList<Future<T>>();
            for (var task : tasks) {
                running.add(threads.submit(() -> {
                    start.await();
                    return task.call();
                }));
            }
            start.countDown();
            var results = new ArrayList<T>();
            for (var each : running) {
                results.add(each.get());
            }
            return results;
        }
    }

    @Override
    public void close() {
        postgres.close();
    }
}
