package chat.parley.receipt;

import chat.parley.id.ConversationId;
import chat.parley.message.MessageHead;
import chat.parley.message.MessageHeads;
import chat.parley.outbox.OutboxKind;
import chat.parley.receipt.MarkOutcome.BeyondLast;
import chat.parley.receipt.MarkOutcome.NotFound;
import chat.parley.receipt.MarkOutcome.Stand;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Moves marks of many members by one statement, which is its own transaction. */
final class MarkStatement {
    /**
     * Waits for no lock: a row that another transaction holds is left for the next batch. So it cannot be part of a circle of waiting, whatever
     * order others take their locks in. One row a member, however many devices of theirs speak at once. {@code greatest} is applied to
     * the row as it is when locked, not as the snapshot had it.
     */
    private static final String MOVE = """
            WITH draft AS (
                SELECT place, conversation_id, user_id, read_seq, greatest(read_seq, delivered_seq) AS delivered_seq, head_seq
                FROM unnest(?, ?, ?, ?, ?) WITH ORDINALITY AS d (conversation_id, user_id, read_seq, delivered_seq, head_seq, place)
            ), known AS MATERIALIZED (
                SELECT d.*, greatest(c.last_seq, d.head_seq) AS last_seq, c.member_count, c.members_version,
                    m.read_seq AS read_before, m.delivered_seq AS delivered_before
                FROM draft d
                JOIN member m ON m.conversation_id = d.conversation_id AND m.user_id = d.user_id AND m.left_at IS NULL
                JOIN conversation c ON c.id = d.conversation_id
            ), wanted AS MATERIALIZED (
                SELECT conversation_id, user_id, max(read_seq) AS read_seq, max(delivered_seq) AS delivered_seq
                FROM known
                WHERE delivered_seq <= last_seq AND (read_seq > read_before OR delivered_seq > delivered_before)
                GROUP BY conversation_id, user_id
            ), locked AS MATERIALIZED (
                SELECT w.*
                FROM wanted w JOIN member m ON m.conversation_id = w.conversation_id AND m.user_id = w.user_id
                FOR NO KEY UPDATE OF m SKIP LOCKED
            ), moved AS (
                UPDATE member m
                SET read_seq = greatest(m.read_seq, l.read_seq), delivered_seq = greatest(m.delivered_seq, l.delivered_seq),
                    marks_changed_at = greatest(m.marks_changed_at, ?)
                FROM locked l
                WHERE m.conversation_id = l.conversation_id AND m.user_id = l.user_id AND m.left_at IS NULL
                RETURNING m.conversation_id, m.user_id, m.read_seq, m.delivered_seq, m.marks_changed_at
            ), noted AS (
                INSERT INTO outbox (conversation_id, kind, subject, actor_id, created_at)
                SELECT conversation_id, %d, user_id, user_id, marks_changed_at FROM moved
                RETURNING id, conversation_id, subject
            )
            SELECT k.place, k.delivered_seq > k.last_seq AS beyond,
                k.read_seq > k.read_before OR k.delivered_seq > k.delivered_before AS moves,
                k.read_before, k.delivered_before, k.member_count, k.members_version,
                m.read_seq, m.delivered_seq, m.marks_changed_at, n.id
            FROM known k
            LEFT JOIN moved m ON m.conversation_id = k.conversation_id AND m.user_id = k.user_id
            LEFT JOIN noted n ON n.conversation_id = k.conversation_id AND n.subject = k.user_id
            """.formatted(OutboxKind.MARKS_ADVANCED.number());

    private final DataSource source;
    private final MessageHeads heads;
    private final InstantSource clock;

    MarkStatement(DataSource source, MessageHeads heads, InstantSource clock) {
        this.heads = heads;
        this.source = source;
        this.clock = clock;
    }

    /**
     * What one run came to.
     *
     * @param outcomes in the order of the drafts; null where a row was held by another transaction: to be tried again
     * @param advances what moved, one a member
     */
    record Result(List<@Nullable MarkOutcome> outcomes, List<Advance> advances) {}

    /** Moves all that can be moved. An exception means that nothing is known. */
    Result run(List<NewMarks> drafts) throws SQLException {
        // Before a connection is taken: while Cassandra is slow others need them.
        var ahead = heads.ahead(drafts.stream().map(NewMarks::conversation).collect(Collectors.toSet()));
        try (var connection = source.getConnection();
                var move = connection.prepareStatement(MOVE)) {
            bind(move, drafts, ahead);
            try (var rows = move.executeQuery()) {
                return result(drafts, rows);
            }
        }
    }

    private void bind(PreparedStatement move, List<NewMarks> drafts, Map<ConversationId, MessageHead> ahead)
            throws SQLException {
        move.setObject(
                1,
                drafts.stream().mapToLong(draft -> draft.conversation().value()).toArray());
        move.setObject(
                2, drafts.stream().mapToLong(draft -> draft.user().value()).toArray());
        move.setObject(3, drafts.stream().mapToLong(NewMarks::readSeq).toArray());
        move.setObject(4, drafts.stream().mapToLong(NewMarks::deliveredSeq).toArray());
        move.setObject(
                5,
                drafts.stream()
                        .mapToLong(draft -> {
                            var head = ahead.get(draft.conversation());
                            return head == null ? 0 : head.lastSeq();
                        })
                        .toArray());
        move.setObject(6, clock.instant().atOffset(ZoneOffset.UTC));
    }

    private static Result result(List<NewMarks> drafts, ResultSet rows) throws SQLException {
        var outcomes = new MarkOutcome[drafts.size()];
        Arrays.fill(outcomes, new NotFound());
        var advances = new ArrayList<Advance>();
        Set<Long> told = new HashSet<>();
        while (rows.next()) {
            int place = (int) rows.getLong("place") - 1;
            var before = new Marks(rows.getLong("read_before"), rows.getLong("delivered_before"));
            long outboxId = rows.getLong("id");
            if (outboxId != 0 && told.add(outboxId)) {
                advances.add(advance(drafts.get(place), before, outboxId, rows));
            }
            if (rows.getBoolean("beyond")) {
                outcomes[place] = new BeyondLast();
            } else if (outboxId != 0) {
                outcomes[place] = new Stand(now(rows));
            } else {
                outcomes[place] = rows.getBoolean("moves") ? null : new Stand(before);
            }
        }
        return new Result(Arrays.asList(outcomes), advances);
    }

    private static Advance advance(NewMarks draft, Marks before, long outboxId, ResultSet row) throws SQLException {
        return new Advance(
                draft.conversation(),
                draft.user(),
                before,
                now(row),
                row.getObject("marks_changed_at", OffsetDateTime.class).toInstant(),
                row.getInt("member_count"),
                row.getLong("members_version"),
                outboxId);
    }

    private static Marks now(ResultSet row) throws SQLException {
        return new Marks(row.getLong("read_seq"), row.getLong("delivered_seq"));
    }
}
