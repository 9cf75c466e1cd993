package chat.parley.safety;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Reports of messages. Safe for use by many threads; every method throws {@link StoreUnavailable} when the outcome is unknown, and may be repeated.
 */
public final class Reports {
    /** Most reports of one person that wait to be looked at: more of them help nobody. */
    public static final int OPEN_MAX = 100;

    /** Most reports shown of one message: what twenty say is enough to judge it. */
    public static final int SHOWN_MAX = 20;

    /** Reports that wait, as counted by the database: each node tells the same number. One series. */
    private static final String OPEN_METER = "parley.reports.open";

    private static final String LOCK_REPORTER = "SELECT id FROM users WHERE id = :reporter FOR NO KEY UPDATE";

    private static final String COUNT_MINE =
            "SELECT count(*) FROM report WHERE reporter_id = :reporter AND settled_at IS NULL";

    private static final String FIND = """
            SELECT seq, reason, note, snapshot, reported_at FROM report
            WHERE conversation_id = :conversation AND seq = :seq AND reporter_id = :reporter
            """;

    private static final String ADD = """
            INSERT INTO report (conversation_id, seq, reporter_id, reason, note, snapshot, reported_at)
            VALUES (:conversation, :seq, :reporter, :reason, :note, :snapshot, :at)
            """;

    private static final String OPEN_MESSAGES = """
            SELECT seq, count(*) AS reports FROM report
            WHERE conversation_id = :conversation AND settled_at IS NULL AND seq > :after
            GROUP BY seq ORDER BY seq LIMIT :limit
            """;

    private static final String OPEN_REPORTS = """
            SELECT newest.*
            FROM unnest(:seqs) AS wanted (seq)
            CROSS JOIN LATERAL (
                SELECT seq, reason, note, snapshot, reported_at FROM report
                WHERE conversation_id = :conversation AND seq = wanted.seq AND settled_at IS NULL
                ORDER BY reported_at DESC LIMIT :limit) newest
            ORDER BY newest.seq, newest.reported_at DESC
            """;

    private static final String SETTLE = """
            UPDATE report SET settled_at = :at, settled_by = :actor
            WHERE conversation_id = :conversation AND seq = :seq AND settled_at IS NULL
            """;

    private static final String COUNT_OPEN = "SELECT count(*) FROM report WHERE settled_at IS NULL";

    private final Postgres postgres;
    private final InstantSource clock;

    /** @param meters get the number of open reports */
    public Reports(Postgres postgres, InstantSource clock, MeterRegistry meters) {
        this.postgres = postgres;
        this.clock = clock;
        meters.gauge(OPEN_METER, this, Reports::countOpen);
    }

    /** What became of a report. */
    public sealed interface Outcome {
        /** It waits to be looked at. */
        record Filed(Report report) implements Outcome {}

        /** The same person reported this message before; this is what was said then. */
        record Known(Report report) implements Outcome {}

        /** It would be more than {@link #OPEN_MAX}. */
        record TooMany() implements Outcome {}
    }

    /**
     * A message that waits to be judged.
     *
     * @param count of its reports
     * @param reports at most {@link #SHOWN_MAX} of them, newest first
     */
    public record Case(long seq, int count, List<Report> reports) {}

    /** Files a report, the first one of this person on this message. */
    public Outcome file(
            ConversationId conversation,
            UserId reporter,
            long seq,
            Report.Reason reason,
            String note,
            String snapshot) {
        return postgres.inTransaction(db -> {
            // Of two requests at once the second finds the report of the first, and the count below holds.
            db.createQuery(LOCK_REPORTER)
                    .bind("reporter", reporter.value())
                    .mapTo(Long.class)
                    .one();
            var known = db.createQuery(FIND)
                    .bind("conversation", conversation.value())
                    .bind("seq", seq)
                    .bind("reporter", reporter.value())
                    .map((row, context) -> report(row))
                    .findOne();
            if (known.isPresent()) {
                return new Outcome.Known(known.get());
            }
            int open = db.createQuery(COUNT_MINE)
                    .bind("reporter", reporter.value())
                    .mapTo(Integer.class)
                    .one();
            if (open >= OPEN_MAX) {
                return new Outcome.TooMany();
            }
            var report = new Report(seq, reason, note, snapshot, clock.instant());
            db.createUpdate(ADD)
                    .bind("conversation", conversation.value())
                    .bind("seq", seq)
                    .bind("reporter", reporter.value())
                    .bind("reason", reason.text())
                    .bind("note", note)
                    .bind("snapshot", snapshot)
                    .bind("at", time(report.at()))
                    .execute();
            return new Outcome.Filed(report);
        });
    }

    /** Messages of a conversation that wait to be judged, those with {@code seq > after}, lowest first. */
    public List<Case> open(ConversationId conversation, long after, int limit) {
        return postgres.with(db -> {
            var counts = new LinkedHashMap<Long, Integer>();
            db.createQuery(OPEN_MESSAGES)
                    .bind("conversation", conversation.value())
                    .bind("after", after)
                    .bind("limit", limit)
                    .map((row, context) -> Map.entry(row.getLong("seq"), row.getInt("reports")))
                    .forEach(each -> counts.put(each.getKey(), each.getValue()));
            if (counts.isEmpty()) {
                return List.of();
            }
            var reports = db
                    .createQuery(OPEN_REPORTS)
                    .bind("conversation", conversation.value())
                    .bindArray("seqs", Long.class, counts.keySet().toArray())
                    .bind("limit", SHOWN_MAX)
                    .map((row, context) -> report(row))
                    .stream()
                    .collect(Collectors.groupingBy(Report::seq));
            return counts.entrySet().stream()
                    .map(each ->
                            new Case(each.getKey(), each.getValue(), reports.getOrDefault(each.getKey(), List.of())))
                    // Settled in between.
                    .filter(each -> !each.reports().isEmpty())
                    .toList();
        });
    }

    /** Settles the reports of a message; false when none was open. */
    public boolean settle(ConversationId conversation, UserId actor, long seq) {
        return postgres.<Integer, RuntimeException>with(db -> db.createUpdate(SETTLE)
                        .bind("conversation", conversation.value())
                        .bind("seq", seq)
                        .bind("actor", actor.value())
                        .bind("at", time(clock.instant()))
                        .execute())
                > 0;
    }

    private double countOpen() {
        try {
            return postgres.<Long, RuntimeException>with(
                    db -> db.createQuery(COUNT_OPEN).mapTo(Long.class).one());
        } catch (StoreUnavailable e) {
            return Double.NaN; // nobody knows
        }
    }

    private static Report report(ResultSet row) throws SQLException {
        return new Report(
                row.getLong("seq"),
                Report.Reason.of(row.getString("reason")),
                row.getString("note"),
                row.getString("snapshot"),
                row.getObject("reported_at", OffsetDateTime.class).toInstant());
    }

    private static OffsetDateTime time(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
