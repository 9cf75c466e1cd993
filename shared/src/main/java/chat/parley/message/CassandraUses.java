package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Notes in PostgreSQL, where uploads are, which messages carry which of them: so it is decided there who may read a file and when nothing needs it any more. Where messages
 * are in PostgreSQL, triggers do it; here it follows what was stored, before anybody is told of it, and a relay does it where a process died in between.
 */
final class CassandraUses {
    private final Cassandra cassandra;
    private final RosterVersions rows;
    private final PreparedStatement find;

    CassandraUses(Cassandra cassandra, RosterVersions rows) {
        this.cassandra = cassandra;
        this.rows = rows;
        this.find = cassandra.prepareRead("""
                SELECT n, details FROM message_log WHERE conversation_id = ? AND bucket = ? AND kind = 0 AND n = ?""");
    }

    /** Whether a message carries something, or did before it was deleted. */
    static boolean mayCarry(Message message) {
        return message.body().type() == MessageBody.Type.IMAGE || message.body().type() == MessageBody.Type.FILE;
    }

    /** What these carry as they are stored now, those that were deleted nothing. */
    void note(ConversationId conversation, Collection<Long> seqs) {
        if (seqs.isEmpty()) {
            return;
        }
        var noted = details(conversation, seqs);
        while (true) {
            rows.carry(conversation, noted);
            var now = details(conversation, seqs);
            if (now.equals(noted)) {
                return;
            }
            noted = now; // deleted meanwhile, which may have been noted before us
        }
    }

    /** To be called before they are removed: nobody may read them any more. */
    void noteRemoved(ConversationId conversation, long before) {
        rows.carryNothing(conversation, before);
    }

    private Map<Long, String> details(ConversationId conversation, Collection<Long> seqs) {
        var details = new TreeMap<Long, String>();
        seqs.forEach(seq -> details.put(seq, ""));
        var reads = List.copyOf(details.keySet()).stream()
                .map(seq -> find.bind(conversation.value(), CassandraHeads.bucket(seq), seq))
                .toList();
        for (var rows : cassandra.executeAll(reads)) {
            for (var row : rows) {
                var written = row.getString("details");
                details.put(row.getLong("n"), written == null ? "" : written);
            }
        }
        return details;
    }
}
