package chat.parley.message;

import chat.parley.message.AppendOutcome.AlreadyStored;
import chat.parley.message.AppendOutcome.KeyReused;
import chat.parley.message.AppendOutcome.RosterChanged;
import chat.parley.message.AppendOutcome.Stored;
import chat.parley.message.AppendWriter.Draft;
import chat.parley.outbox.Outbox;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Runs the function {@code append_fresh} of {@code V18__outbox_batches.sql}, which takes drafts that are all new, and where one is not {@code append_drafts} of
 * {@code V13__large_groups.sql}, which tells what each is: one statement each, which is its own transaction.
 */
final class AppendStatement {
    private static final String APPEND_FRESH =
            "SELECT place, last_seq, created_at, departed_at, outbox_id FROM append_fresh(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

    private static final String APPEND =
            "SELECT draft, outcome, seq, created_at, outbox_id, departed_at FROM append_drafts(?, ?, ?, ?, ?, ?, ?, ?)";

    private static final int STORED = 1;
    private static final int ALREADY_STORED = 2;
    private static final int KEY_REUSED = 3;
    private static final int ROSTER_CHANGED = 4;

    private final DataSource source;
    private final @Nullable Outbox outbox;
    private final InstantSource clock;

    /** @param outbox learns which rows it has to forget one day; null where nothing is published */
    AppendStatement(DataSource source, @Nullable Outbox outbox, InstantSource clock) {
        this.source = source;
        this.outbox = outbox;
        this.clock = clock;
    }

    /** Stores all that can be; the outcomes stand in the order of the drafts, whose keys differ. An exception means that nothing is known. */
    List<AppendOutcome> run(List<Draft> drafts) throws SQLException {
        var places = AppendPlaces.of(drafts);
        try (var connection = source.getConnection()) {
            var outcomes = places == null ? null : appendFresh(connection, drafts, places);
            return outcomes == null ? append(connection, drafts) : outcomes;
        }
    }

    /** Whether the server cannot be reached at all, so that the next attempt would wait in vain as well. */
    static boolean isAway(SQLException failure) {
        String state = failure.getSQLState();
        return failure instanceof SQLTransientConnectionException || (state != null && state.startsWith("08"));
    }

    /** Null where one of them is not new or its roster does not hold: nothing is changed then. */
    private @Nullable List<AppendOutcome> appendFresh(Connection connection, List<Draft> drafts, AppendPlaces places)
            throws SQLException {
        // The driver prepares a statement at its fifth use on a connection, and keeps it.
        try (var append = connection.prepareStatement(APPEND_FRESH)) {
            append.setObject(1, places.conversations());
            append.setObject(2, places.versions());
            append.setObject(3, places.counts());
            append.setObject(4, places.places());
            append.setObject(5, places.nths());
            bindMessages(connection, append, 6, drafts);
            var lastSeqs = new long[places.conversations().length];
            var times = new @Nullable Instant[lastSeqs.length];
            var departed = new long[lastSeqs.length];
            long firstRow = 0;
            try (var rows = append.executeQuery()) {
                while (rows.next()) {
                    int place = rows.getInt(1) - 1;
                    lastSeqs[place] = rows.getLong(2);
                    times[place] = rows.getObject(3, OffsetDateTime.class).toInstant();
                    departed[place] = millis(rows, 4);
                    firstRow = rows.getLong(5);
                }
            }
            var outcomes = new AppendOutcome[drafts.size()];
            for (int i = 0; i < outcomes.length; i++) {
                int place = places.places()[i] - 1;
                var at = times[place];
                if (at == null) {
                    return null;
                }
                var message = message(drafts.get(i).message(), lastSeqs[place] + places.nths()[i], at);
                outcomes[i] = new Stored(message, new Reminder(firstRow + i), departed[place]);
            }
            if (outbox != null) {
                outbox.begun(firstRow, outcomes.length);
            }
            return Arrays.asList(outcomes);
        }
    }

    private List<AppendOutcome> append(Connection connection, List<Draft> drafts) throws SQLException {
        try (var append = connection.prepareStatement(APPEND)) {
            append.setObject(
                    1,
                    drafts.stream()
                            .mapToLong(draft -> draft.message().conversation().value())
                            .toArray());
            append.setObject(
                    2,
                    drafts.stream()
                            .mapToLong(draft -> draft.message().membersVersion())
                            .toArray());
            bindMessages(connection, append, 3, drafts);
            try (var rows = append.executeQuery()) {
                return outcomes(drafts, rows);
            }
        }
    }

    /** What both functions take last, from the parameter {@code first} on. */
    private void bindMessages(Connection connection, PreparedStatement append, int first, List<Draft> drafts)
            throws SQLException {
        int count = drafts.size();
        var senders = new long[count];
        var keys = new String[count];
        var hashes = new byte[count][];
        var texts = new @Nullable String[count];
        var details = new @Nullable String[count];
        for (int i = 0; i < count; i++) {
            var message = drafts.get(i).message();
            senders[i] = message.sender().value();
            keys[i] = message.clientMessageId();
            hashes[i] = drafts.get(i).bodyHash();
            texts[i] = message.body().text();
            details[i] = drafts.get(i).details();
        }
        append.setObject(first, senders);
        append.setArray(first + 1, connection.createArrayOf("text", keys));
        append.setArray(first + 2, connection.createArrayOf("bytea", hashes));
        append.setArray(first + 3, connection.createArrayOf("text", texts));
        append.setArray(first + 4, connection.createArrayOf("text", details));
        append.setObject(
                first + 5, clock.instant().truncatedTo(ChronoUnit.MILLIS).atOffset(ZoneOffset.UTC));
    }

    private static List<AppendOutcome> outcomes(List<Draft> drafts, ResultSet rows) throws SQLException {
        var outcomes = new AppendOutcome[drafts.size()];
        while (rows.next()) {
            int position = (int) rows.getLong(1) - 1;
            var draft = drafts.get(position).message();
            outcomes[position] = switch (rows.getInt(2)) {
                case STORED -> new Stored(message(draft, rows), new Reminder(rows.getLong(5)), millis(rows, 6));
                // The hashes are equal, so it said what the draft says when it was sent; what became of it since is not
                // told here.
                case ALREADY_STORED -> new AlreadyStored(message(draft, rows));
                case KEY_REUSED -> new KeyReused();
                case ROSTER_CHANGED -> new RosterChanged();
                default -> throw new IllegalStateException("append_drafts answered outcome " + rows.getInt(2));
            };
        }
        for (var outcome : outcomes) {
            if (outcome == null) {
                throw new IllegalStateException("append_drafts did not answer every draft");
            }
        }
        return Arrays.asList(outcomes);
    }

    private static long millis(ResultSet row, int column) throws SQLException {
        var departed = row.getObject(column, OffsetDateTime.class);
        return departed == null ? 0 : departed.toInstant().toEpochMilli();
    }

    private static Message message(NewMessage draft, ResultSet row) throws SQLException {
        return message(
                draft, row.getLong(3), row.getObject(4, OffsetDateTime.class).toInstant());
    }

    private static Message message(NewMessage draft, long seq, Instant at) {
        return new Message(
                draft.conversation(), seq, draft.sender(), draft.clientMessageId(), draft.body(), at, MessageState.NEW);
    }
}
