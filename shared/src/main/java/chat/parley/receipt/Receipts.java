package chat.parley.receipt;

import chat.parley.conversation.Conversations.MemberPosition;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageHeads;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import chat.parley.receipt.MarkWriter.Draft;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Moves marks and answers what they tell. Safe for use by many threads; every method throws {@link StoreUnavailable} when the outcome is unknown,
 * and may be repeated: marks only grow, so a repeat changes nothing.
 */
public final class Receipts implements AutoCloseable {
    /** Most members one page of {@link #receivers} answers, and one more. */
    public static final int LIMIT_MAX = 201;

    /** Longest wait for a move: the client still listens then. */
    private static final Duration RESULT_LIMIT = Duration.ofSeconds(5);

    private static final String COUNTS = """
            SELECT count(*) AS recipients, count(*) FILTER (WHERE read_seq >= :seq) AS read,
                count(*) FILTER (WHERE delivered_seq >= :seq) AS delivered
            FROM member
            WHERE conversation_id = :conversation AND left_at IS NULL AND joined_seq <= :seq AND user_id <> :sender
            """;

    private static final String RECEIVERS = """
            SELECT user_id, joined_at, read_seq, delivered_seq
            FROM member
            WHERE conversation_id = :conversation AND left_at IS NULL AND joined_seq <= :seq AND user_id <> :sender
                AND delivered_seq >= :seq AND (joined_at, user_id) > (:joinedAt, :user)
            ORDER BY joined_at, user_id
            LIMIT :limit
            """;

    private final Postgres postgres;
    private final MarkWriter writer;

    /**
     * Starts the writer; {@code postgres} needs a connection for it and is closed by the caller, later than this.
     *
     * @param moved is handed everything that moved, in order, on the writer's thread: must be short and must not throw
     */
    public Receipts(
            Postgres postgres, MessageHeads heads, InstantSource clock, MeterRegistry meters, Consumer<Advance> moved) {
        this.postgres = postgres;
        this.writer = new MarkWriter(postgres, heads, clock, meters, moved);
    }

    /**
     * A message, as {@link #counts} asks for it.
     *
     * @param sender is no recipient
     */
    public record Subject(ConversationId conversation, long seq, UserId sender) {}

    /**
     * How many have a message.
     *
     * @param recipients the members who may see it, without the sender
     * @param delivered those who read it included
     */
    public record Counts(long recipients, long read, long delivered) {}

    /** A member who received a message. {@code position} is where the next page begins. */
    public record Receiver(MemberPosition position, Marks marks) {}

    /** Moves marks and returns when they are durable; what moves together is committed together with what others move. Outcomes in the order given. */
    public List<MarkOutcome> move(List<NewMarks> marks) {
        var results = new ArrayList<CompletableFuture<MarkOutcome>>(marks.size());
        for (var each : marks) {
            var result = new CompletableFuture<MarkOutcome>();
            results.add(result);
            writer.add(new Draft(each, result));
        }
        var all = CompletableFuture.allOf(results.toArray(CompletableFuture[]::new));
        try {
            all.get(RESULT_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
            return results.stream().map(CompletableFuture::join).toList();
        } catch (TimeoutException e) {
            throw givenUp(results, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw givenUp(results, e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
        }
    }

    private static StoreUnavailable givenUp(List<CompletableFuture<MarkOutcome>> results, Exception cause) {
        var unknown = new StoreUnavailable("postgres", cause);
        results.forEach(result -> result.completeExceptionally(unknown)); // the writer need not begin
        return unknown;
    }

    /** How many of the present members have {@code message}. Reads the members once, however many. */
    public Counts counts(Subject message) {
        return postgres.with(db -> db.createQuery(COUNTS)
                .bind("conversation", message.conversation().value())
                .bind("seq", message.seq())
                .bind("sender", message.sender().value())
                .map((row, context) ->
                        new Counts(row.getLong("recipients"), row.getLong("read"), row.getLong("delivered")))
                .one());
    }

    /**
     * Who of the present members has received {@code message}, longest members first.
     *
     * @param after null for the first page
     * @param limit at most {@link #LIMIT_MAX}
     */
    public List<Receiver> receivers(Subject message, @Nullable MemberPosition after, int limit) {
        return postgres.with(db -> db.createQuery(RECEIVERS)
                .bind("conversation", message.conversation().value())
                .bind("seq", message.seq())
                .bind("sender", message.sender().value())
                .bind("joinedAt", (after == null ? Instant.EPOCH : after.joinedAt()).atOffset(ZoneOffset.UTC))
                .bind("user", after == null ? 0 : after.user().value())
                .bind("limit", limit)
                .map((row, context) -> new Receiver(
                        new MemberPosition(
                                row.getObject("joined_at", OffsetDateTime.class).toInstant(),
                                new UserId(row.getLong("user_id"))),
                        new Marks(row.getLong("read_seq"), row.getLong("delivered_seq"))))
                .list());
    }

    /** Finishes what is under way. */
    @Override
    public void close() {
        writer.close();
    }
}
