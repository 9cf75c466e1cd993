package chat.parley.message;

import chat.parley.message.AppendOutcome.AlreadyStored;
import chat.parley.message.AppendOutcome.KeyReused;
import chat.parley.message.AppendOutcome.RosterChanged;
import chat.parley.message.AppendOutcome.Stored;
import chat.parley.message.AppendWriter.Draft;
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

/** Runs the function {@code append_drafts} of {@code V13__large_groups.sql}: one statement, which is its own transaction. */
final class AppendStatement {
    private static final String APPEND =
            "SELECT draft, outcome, seq, created_at, outbox_id, departed_at FROM append_drafts(?, ?, ?, ?, ?, ?, ?, ?)";

    private static final int STORED = 1;
    private static final int ALREADY_STORED = 2;
    private static final int KEY_REUSED = 3;
    private static final int ROSTER_CHANGED = 4;

    private final DataSource source;
    private final InstantSource clock;

    AppendStatement(DataSource source, InstantSource clock) {
        this.source = source;
        this.clock = clock;
    }

    /** Stores all that can be; the outcomes stand in the order of the drafts, whose keys differ. An exception means that nothing is known. */
    List<AppendOutcome> run(List<Draft> drafts) throws SQLException {
        // The driver prepares a statement at its fifth use on a connection, and keeps it.
        try (var connection = source.getConnection();
                var append = connection.prepareStatement(APPEND)) {
            bind(connection, append, drafts);
            try (var rows = append.executeQuery()) {
                return outcomes(drafts, rows);
            }
        }
    }

    /** Whether the server cannot be reached at all, so that the next attempt would wait in vain as well. */
    static boolean isAway(SQLException failure) {
        String state = failure.getSQLState();
        return failure instanceof SQLTransientConnectionException || (state != null && state.startsWith("08"));
    }

    private void bind(Connection connection, PreparedStatement append, List<Draft> drafts) throws SQLException {
        int count = drafts.size();
        var conversations = new long[count];
        var versions = new long[count];
        var senders = new long[count];
        var keys = new String[count];
        var hashes = new byte[count][];
        var texts = new @Nullable String[count];
        var details = new @Nullable String[count];
        for (int i = 0; i < count; i++) {
            var message = drafts.get(i).message();
            conversations[i] = message.conversation().value();
            versions[i] = message.membersVersion();
            senders[i] = message.sender().value();
            keys[i] = message.clientMessageId();
            hashes[i] = drafts.get(i).bodyHash();
            texts[i] = message.body().text();
            details[i] = drafts.get(i).details();
        }
        append.setObject(1, conversations);
        append.setObject(2, versions);
        append.setObject(3, senders);
        append.setArray(4, connection.createArrayOf("text", keys));
        append.setArray(5, connection.createArrayOf("bytea", hashes));
        append.setArray(6, connection.createArrayOf("text", texts));
        append.setArray(7, connection.createArrayOf("text", details));
        append.setObject(8, clock.instant().truncatedTo(ChronoUnit.MILLIS).atOffset(ZoneOffset.UTC));
    }

    private static List<AppendOutcome> outcomes(List<Draft> drafts, ResultSet rows) throws SQLException {
        var outcomes = new AppendOutcome[drafts.size()];
        while (rows.next()) {
            int position = (int) rows.getLong(1) - 1;
            var draft = drafts.get(position).message();
            outcomes[position] = switch (rows.getInt(2)) {
                case STORED -> new Stored(message(draft, rows), new Reminder(rows.getLong(5)), millis(rows));
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

    private static long millis(ResultSet row) throws SQLException {
        var departed = row.getObject(6, OffsetDateTime.class);
        return departed == null ? 0 : departed.toInstant().toEpochMilli();
    }

    private static Message message(NewMessage draft, ResultSet row) throws SQLException {
        Instant at = row.getObject(4, OffsetDateTime.class).toInstant();
        return new Message(
                draft.conversation(),
                row.getLong(3),
                draft.sender(),
                draft.clientMessageId(),
                draft.body(),
                at,
                MessageState.NEW);
    }
}
