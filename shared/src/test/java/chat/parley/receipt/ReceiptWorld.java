package chat.parley.receipt;

import chat.parley.conversation.ConversationChanges;
import chat.parley.conversation.ConversationCreation;
import chat.parley.conversation.ConversationCreation.Wish;
import chat.parley.conversation.Conversations;
import chat.parley.conversation.CreateOutcome;
import chat.parley.conversation.Member;
import chat.parley.conversation.Role;
import chat.parley.id.ConversationId;
import chat.parley.id.IdSource;
import chat.parley.id.UserId;
import chat.parley.message.AppendOutcome;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageHeads;
import chat.parley.message.NewMessage;
import chat.parley.message.PostgresMessageStore;
import chat.parley.postgres.Postgres;
import chat.parley.receipt.MarkOutcome.Stand;
import chat.parley.testkit.RealPostgres;
import chat.parley.testkit.StepClock;
import chat.parley.testkit.TestIds;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;

/** People who talk and mark, over the real stores. */
final class ReceiptWorld implements AutoCloseable {
    private static final IdSource IDS = TestIds.fresh();

    final StepClock clock = StepClock.started();
    final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    final Postgres postgres;
    final Conversations conversations;
    final ConversationChanges changes;
    final PostgresMessageStore messages;
    final Receipts receipts;

    /** What the writer handed on, in its order. */
    final Queue<Advance> advances = new ConcurrentLinkedQueue<>();

    private final ConversationCreation creation;

    ReceiptWorld(RealPostgres server, int connections) {
        postgres = Postgres.open(server.address(), connections);
        conversations = new Conversations(postgres, MessageHeads.IN_ROWS);
        creation = new ConversationCreation(postgres, clock);
        changes = new ConversationChanges(postgres, MessageHeads.IN_ROWS, clock);
        messages = new PostgresMessageStore(postgres, null, clock, meters);
        receipts = new Receipts(postgres, MessageHeads.IN_ROWS, clock, meters, advances::add);
    }

    UserId person() {
        var user = IDS.user();
        postgres.with(db -> db.execute("""
                INSERT INTO users (id, username, display_name, search_name, created_at)
                VALUES (?, ?, 'Someone', 'someone', now())
                """, user.value(), "u" + user.value()));
        return user;
    }

    ConversationId group(UserId owner, UserId... members) {
        if (creation.create(IDS.conversation(), owner, Wish.group("A group"), List.of(members))
                instanceof CreateOutcome.Created made) {
            return made.conversation().id();
        }
        throw new AssertionError("not made");
    }

    /** The seq of a new message. */
    long send(ConversationId conversation, UserId sender) {
        while (true) {
            var roster = conversations.freshRoster(conversation).orElseThrow();
            var outcome = messages.append(new NewMessage(
                    conversation, roster.version(), sender, UUID.randomUUID().toString(), MessageBody.text("text")));
            if (outcome instanceof AppendOutcome.Stored stored) {
                return stored.message().seq();
            }
        }
    }

    void join(ConversationId conversation, UserId actor, UserId joiner) {
        changes.add(conversation, actor, List.of(joiner), Role.MEMBER);
    }

    MarkOutcome move(ConversationId conversation, UserId user, long read, long delivered) {
        return receipts.move(List.of(new NewMarks(conversation, user, read, delivered)))
                .getFirst();
    }

    Stand stand(long read, long delivered) {
        return new Stand(new Marks(read, delivered));
    }

    Member member(ConversationId conversation, UserId user) {
        return conversations.member(conversation, user).orElseThrow();
    }

    Marks marks(ConversationId conversation, UserId user) {
        var member = member(conversation, user);
        return new Marks(member.readSeq(), member.deliveredSeq());
    }

    long number(String sql) {
        return postgres.<Long, RuntimeException>with(
                db -> db.createQuery(sql).mapTo(Long.class).one());
    }

    @Override
    public void close() {
        receipts.close();
        messages.close();
        postgres.close();
    }
}
