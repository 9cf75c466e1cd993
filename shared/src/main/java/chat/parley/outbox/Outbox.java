package chat.parley.outbox;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.outbox.OpenBatches.Done;
import chat.parley.postgres.Postgres;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.argument.Argument;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was committed and is not yet known to be published. Rows are added by {@link #add} in the transaction of what they refer to; here they
 * are read when overdue and deleted, in batches on a thread of its own. Messages of one commit have one row, in a table of its own, as long as
 * somebody is about to publish them; what is left of it then becomes rows like others. Safe for use by many threads.
 */
public final class Outbox implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);

    /** Most deletions waiting. More means that PostgreSQL is in trouble: then the relay deletes them, seeing that all is published. */
    private static final int QUEUE_MAX = 100_000;

    /** Most rows deleted at once. */
    private static final int BATCH_MAX = 2_000;

    /** How long deletions are gathered: each costs a transaction, and nobody waits for it. */
    private static final long GATHER_MILLIS = 50;

    private static final long CLOSE_LIMIT_MILLIS = 3_000;

    /** Senders publish at once or within 2 s. A batch of which only a part is published by then is divided, so that the relay tells no more than the rest. */
    private static final long DIVIDED_AFTER_NANOS = 1_500_000_000L;

    /** Overdue batches divided at once: at most some tenths of a second, with 200 messages each. */
    private static final int DIVIDED_MAX = 100;

    private static final String ADD = """
            INSERT INTO outbox (conversation_id, kind, subject, actor_id, created_at) VALUES (?, ?, ?, ?, ?)
            RETURNING id
            """;

    private static final String ADD_ALL = """
            INSERT INTO outbox (conversation_id, kind, subject, actor_id, created_at)
            SELECT ?, ?, changed.subject, ?, ? FROM unnest(?) WITH ORDINALITY AS changed (subject, place)
            ORDER BY changed.place
            RETURNING id
            """;

    private static final String OVERDUE = """
            SELECT id, conversation_id, kind, subject, actor_id, created_at
            FROM outbox
            WHERE created_at < :before AND id > :after AND set_aside_at IS NULL
                AND id < coalesce((SELECT min(id) FROM outbox_batch WHERE created_at < :before), 9223372036854775807)
            ORDER BY id
            LIMIT :limit
            """;

    /** Makes rows of what these batches have, other than {@code :published}. Each has the id that it was given at its commit. */
    private static final String DIVIDE = """
            WITH gone AS (
                DELETE FROM outbox_batch
                WHERE id IN (SELECT id FROM outbox_batch WHERE %s ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED)
                RETURNING *
            )
            INSERT INTO outbox (id, conversation_id, kind, subject, actor_id, created_at)
            OVERRIDING SYSTEM VALUE
            SELECT gone.id + each.nr - 1, gone.conversations[each.place], 1, gone.last_seqs[each.place] + each.nth, each.actor, gone.created_at
            FROM gone, unnest(places, nths, actors) WITH ORDINALITY AS each (place, nth, actor, nr)
            WHERE gone.id + each.nr - 1 <> ALL (:published)
            """;

    private static final String DIVIDE_OVERDUE = DIVIDE.formatted("created_at < :before");

    private static final String DIVIDE_THESE = DIVIDE.formatted("id = ANY (:batches)");

    private static final String DIVIDE_WITH_MESSAGES = DIVIDE.formatted("""
            EXISTS (
                SELECT FROM unnest(places, nths) AS each (place, nth)
                WHERE conversations[each.place] = :conversation AND last_seqs[each.place] + each.nth < :before)""");

    /** Any number that no other advisory lock of this database has. */
    private static final long RELAY_LOCK = 0x7061_726c_6579L;

    private static final String BACKLOG = """
            SELECT one.overdue + batches.overdue AS overdue, least(one.oldest, batches.oldest) AS oldest, one.set_aside
            FROM (
                SELECT count(*) FILTER (WHERE set_aside_at IS NULL AND created_at < :before) AS overdue,
                    min(created_at) FILTER (WHERE set_aside_at IS NULL) AS oldest,
                    count(*) FILTER (WHERE set_aside_at IS NOT NULL) AS set_aside
                FROM outbox
            ) one, (
                SELECT coalesce(sum(cardinality(places)) FILTER (WHERE created_at < :before), 0)::bigint AS overdue, min(created_at) AS oldest
                FROM outbox_batch
            ) batches
            """;

    private static final String HAS_ANYTHING_OF = """
            SELECT EXISTS (SELECT FROM outbox WHERE actor_id = :actor AND set_aside_at IS NULL)
                OR EXISTS (SELECT FROM outbox_batch WHERE :actor = ANY (actors))
            """;

    private static final String DELETE_MESSAGES = """
            DELETE FROM outbox WHERE conversation_id = :conversation AND kind IN (:created, :changed) AND subject < :before
            """;

    private static final String DELETE = "DELETE FROM outbox WHERE id = ANY (?)";

    private static final String DELETE_BATCHES = "DELETE FROM outbox_batch WHERE id = ANY (?)";

    /** The subject of a changed conversation that each member is to be told of in the own stream, also in a large group. */
    public static final UserId TO_EACH = new UserId(0);

    private final Postgres postgres;
    private final OpenBatches batches = new OpenBatches();
    private final BlockingQueue<Done> done = new ArrayBlockingQueue<>(QUEUE_MAX);
    private final Counter forgotten;
    private final Thread thread;
    private volatile boolean closing;

    /** Starts the thread that deletes. */
    public Outbox(Postgres postgres, MeterRegistry meters) {
        this.postgres = postgres;
        this.forgotten = meters.counter("parley.outbox.deletions.lost");
        this.thread = Thread.ofPlatform().name("outbox").daemon().start(this::deleteAsTheyCome);
    }

    /**
     * One row.
     *
     * @param subject seq of the message, or id of the user, see {@link OutboxKind}
     * @param at when it was committed: the time of the event
     */
    public record Row(long id, ConversationId conversation, OutboxKind kind, long subject, UserId actor, Instant at) {}

    /** Remembers, in the transaction of {@code handle}, that this must be published, and answers the row's id, for {@link #done}. */
    public static long add(
            Handle handle, ConversationId conversation, OutboxKind kind, long subject, UserId actor, Instant at) {
        return handle.createQuery(ADD)
                .bind(0, conversation.value())
                .bind(1, kind.number())
                .bind(2, subject)
                .bind(3, actor.value())
                .bind(4, at.atOffset(ZoneOffset.UTC))
                .mapTo(Long.class)
                .one();
    }

    /** The same for many subjects of one change; the ids in their order. */
    public static List<Long> addAll(
            Handle handle,
            ConversationId conversation,
            OutboxKind kind,
            List<Long> subjects,
            UserId actor,
            Instant at) {
        Argument array = (position, statement, context) ->
                statement.setArray(position, statement.getConnection().createArrayOf("bigint", subjects.toArray()));
        return handle.createQuery(ADD_ALL)
                .bind(0, conversation.value())
                .bind(1, kind.number())
                .bind(2, actor.value())
                .bind(3, at.atOffset(ZoneOffset.UTC))
                .bind(4, array)
                .mapTo(Long.class)
                .list();
    }

    /** Messages were committed that have one row for all, with the ids {@code first} to {@code first + count - 1}. Before {@link #done} of any of them. */
    public void begun(long first, int count) {
        batches.begin(first, count, System.nanoTime());
    }

    /** These are published: their rows go away soon. A deletion that is lost only means that they are looked at once more. */
    public void done(Collection<Long> ids) {
        ids.forEach(this::done);
    }

    /** This one is published, see {@link #done(Collection)}. */
    public void done(long id) {
        var row = batches.publish(id);
        if (row != null && !done.offer(row)) {
            forgotten.increment();
        }
    }

    /** Rows committed before {@code before} that are still there, in the order in which they were added, those after the row {@code after}, at most {@code limit}. */
    public List<Row> overdue(Instant before, long after, int limit) {
        return postgres.with(handle -> {
            var rows = overdue(handle, before, after, limit);
            // Those of a batch come in their place among the others, since what became of a message must not be told
            // before it.
            while (rows.size() < limit && divideOverdue(handle, before) > 0) {
                rows = overdue(handle, before, after, limit);
            }
            return rows;
        });
    }

    private static List<Row> overdue(Handle handle, Instant before, long after, int limit) {
        return handle.createQuery(OVERDUE)
                .bind("before", before.atOffset(ZoneOffset.UTC))
                .bind("after", after)
                .bind("limit", limit)
                .map((row, context) -> new Row(
                        row.getLong("id"),
                        new ConversationId(row.getLong("conversation_id")),
                        OutboxKind.of(row.getInt("kind")),
                        row.getLong("subject"),
                        new UserId(row.getLong("actor_id")),
                        row.getObject("created_at", OffsetDateTime.class).toInstant()))
                .list();
    }

    private static int divideOverdue(Handle handle, Instant before) {
        return handle.createUpdate(DIVIDE_OVERDUE)
                .bind("before", before.atOffset(ZoneOffset.UTC))
                .bind("limit", DIVIDED_MAX)
                .bind("published", new long[0])
                .execute();
    }

    /** Whether something that {@code actor} did is still to be told. */
    public boolean hasAnythingOf(UserId actor) {
        return postgres.with(handle -> handle.createQuery(HAS_ANYTHING_OF)
                .bind("actor", actor.value())
                .mapTo(Boolean.class)
                .one());
    }

    /** How much is overdue. {@code oldest} is null where nothing is. */
    public record Backlog(long rows, @Nullable Instant oldest, long setAside) {}

    /** What was committed before {@code before} and is still there; and what was set aside. */
    public Backlog backlog(Instant before) {
        return postgres.with(handle -> handle.createQuery(BACKLOG)
                .bind("before", before.atOffset(ZoneOffset.UTC))
                .map((row, context) -> {
                    var oldest = row.getObject("oldest", OffsetDateTime.class);
                    return new Backlog(
                            row.getLong("overdue"),
                            oldest == null ? null : oldest.toInstant(),
                            row.getLong("set_aside"));
                })
                .one());
    }

    /** Deletes these rows before it returns; {@link #done} is for those who need not know. */
    public void delete(Collection<Long> ids) {
        postgres.with(handle -> handle.createUpdate(DELETE).bind(0, array(ids)).execute());
    }

    /** What is to be told of messages before {@code before} is to be told no more: they are gone. */
    public void deleteMessagesBefore(ConversationId conversation, long before) {
        postgres.with(handle -> {
            handle.createUpdate(DIVIDE_WITH_MESSAGES)
                    .bind("conversation", conversation.value())
                    .bind("before", before)
                    .bind("limit", Integer.MAX_VALUE)
                    .bind("published", new long[0])
                    .execute();
            return handle.createUpdate(DELETE_MESSAGES)
                    .bind("conversation", conversation.value())
                    .bind("created", OutboxKind.MESSAGE_CREATED.number())
                    .bind("changed", OutboxKind.MESSAGE_CHANGED.number())
                    .bind("before", before)
                    .execute();
        });
    }

    /** These cannot be published; they stay, are no longer overdue, and wait for somebody to look at them. */
    public void setAside(Collection<Long> ids, Instant now) {
        postgres.with(handle -> handle.createUpdate("UPDATE outbox SET set_aside_at = ? WHERE id = ANY (?)")
                .bind(0, now.atOffset(ZoneOffset.UTC))
                .bind(1, array(ids))
                .execute());
    }

    /** The tag of the Redis that is known to hold what was published of late; empty before the first was noted. */
    public Optional<String> redisTag() {
        return postgres.with(handle -> handle.createQuery("SELECT redis_tag FROM relay")
                .mapTo(String.class)
                .findOne());
    }

    /** Notes that what was published of late is in the Redis of this tag. */
    public void noteRedisTag(String tag) {
        postgres.with(handle -> handle.createUpdate("""
                        INSERT INTO relay (one, redis_tag) VALUES (true, ?)
                        ON CONFLICT (one) DO UPDATE SET redis_tag = excluded.redis_tag
                        """).bind(0, tag).execute());
    }

    /** Runs {@code work} unless another node is at it; false then. Two at once would do no harm, only everything twice. */
    public boolean alone(Runnable work) {
        return postgres.alone(RELAY_LOCK, work);
    }

    /** Deletes what is known to be done, then ends. */
    @Override
    public void close() {
        closing = true;
        try {
            thread.join(Duration.ofMillis(CLOSE_LIMIT_MILLIS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void deleteAsTheyCome() {
        var rows = new ArrayList<Done>(BATCH_MAX);
        try {
            while (!closing || !done.isEmpty()) {
                var first = done.poll(GATHER_MILLIS, TimeUnit.MILLISECONDS);
                if (first != null) {
                    if (!closing && done.size() < BATCH_MAX) {
                        TimeUnit.MILLISECONDS.sleep(GATHER_MILLIS);
                    }
                    rows.add(first);
                    done.drainTo(rows, BATCH_MAX - 1);
                    delete(rows);
                    rows.clear();
                }
                divide(batches.forget(System.nanoTime() - DIVIDED_AFTER_NANOS));
            }
            // Those who could tell of more are closed.
            divide(batches.forget(System.nanoTime()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void delete(List<Done> rows) {
        try (var connection = postgres.dataSource().getConnection()) {
            connection.setAutoCommit(false);
            try (var settings = connection.createStatement()) {
                // A deletion lost in a crash costs one look by the relay; waiting for the disk would cost every batch.
                settings.execute("SET LOCAL synchronous_commit = off");
                delete(connection, DELETE_BATCHES, rows, true);
                delete(connection, DELETE, rows, false);
                connection.commit();
            }
        } catch (SQLException e) {
            forgotten.increment(rows.size());
            LOG.warn("{} outbox rows stay until the relay looks at them: {}", rows.size(), e.toString());
        }
    }

    private static void delete(Connection connection, String sql, List<Done> rows, boolean ofBatch)
            throws SQLException {
        long[] ids = rows.stream()
                .filter(row -> row.ofBatch() == ofBatch)
                .mapToLong(Done::id)
                .toArray();
        if (ids.length > 0) {
            try (var deletion = connection.prepareStatement(sql)) {
                deletion.setObject(1, ids);
                deletion.executeUpdate();
            }
        }
    }

    private void divide(OpenBatches.Partly partly) {
        if (partly.batches().isEmpty()) {
            return;
        }
        try {
            postgres.with(handle -> handle.createUpdate(DIVIDE_THESE)
                    .bind("batches", array(partly.batches()))
                    .bind("limit", Integer.MAX_VALUE)
                    .bind("published", array(partly.published()))
                    .execute());
        } catch (RuntimeException e) {
            forgotten.increment(partly.published().size());
            LOG.warn(
                    "{} messages stay in the outbox until the relay looks at them: {}",
                    partly.published().size(),
                    e.toString());
        }
    }

    private static long[] array(Collection<Long> ids) {
        return ids.stream().mapToLong(Long::longValue).toArray();
    }
}
