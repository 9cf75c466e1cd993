package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import chat.parley.message.CassandraHeads.Head;
import chat.parley.ops.StoreUnavailable;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The version of a conversation's members as its newest bucket has it: a send is stored only against the same. A change of members moves it first, while it holds the lock
 * of the conversation in PostgreSQL, and so learns after which seq it happened. Where that transaction fails afterwards, the fence is ahead; the next send
 * sets it right under the same lock.
 */
final class CassandraFence {
    private static final Duration LIMIT = Duration.ofSeconds(4);
    private static final Duration OTHERS_MAX = Duration.ofMillis(20);

    private final Cassandra cassandra;
    private final CassandraHeads heads;
    private final CassandraKeys keys;
    private final RosterVersions rosters;
    private final PreparedStatement set;

    CassandraFence(Cassandra cassandra, CassandraHeads heads, CassandraKeys keys, RosterVersions rosters) {
        this.cassandra = cassandra;
        this.heads = heads;
        this.keys = keys;
        this.rosters = rosters;
        this.set = cassandra.prepareWrite("""
                UPDATE message_log SET last_seq = ?, last_at = ?, members_version = ? WHERE conversation_id = ? AND bucket = ?
                IF last_seq = ? AND members_version = ?""");
    }

    /** Sets the fence, whatever it was; the newest seq at that moment. To be called while nobody else changes members. */
    long move(ConversationId conversation, long version) {
        return Cassandra.within(LIMIT, () -> {
            while (true) {
                try {
                    var head = heads.newestSerially(conversation);
                    if (Objects.equals(head.membersVersion(), version) || isSet(conversation, head, version)) {
                        return head.last();
                    }
                    letOthers();
                } catch (StoreUnavailable e) {
                    if (!Cassandra.hasPaused()) {
                        throw e;
                    }
                    // Perhaps it was done: the next look tells.
                }
            }
        });
    }

    private boolean isSet(ConversationId conversation, Head head, long version) {
        if (head.isFull()) {
            // A full bucket's fence is final: whoever opens the next one takes it from there.
            keys.copy(conversation, head.bucket());
            return apply(conversation, head.bucket() + 1, head.last(), head.lastAt(), version, null, null);
        }
        return apply(
                conversation,
                head.bucket(),
                head.last(),
                head.lastAt(),
                version,
                head.lastSeq(),
                head.membersVersion());
    }

    private boolean apply(
            ConversationId conversation,
            int bucket,
            long seq,
            Instant at,
            long version,
            @Nullable Long oldSeq,
            @Nullable Long oldVersion) {
        return cassandra
                .execute(set.bind(seq, at, version, conversation.value(), bucket, oldSeq, oldVersion))
                .wasApplied();
    }

    /**
     * The head with a fence that agrees with PostgreSQL. Of a conversation without messages the version is only read: its first message sets the fence,
     * and a change of members in between does so before.
     */
    Head reconciled(ConversationId conversation, Head head) {
        if (head.membersVersion() == null) {
            var version = rosters.of(conversation);
            return version.isEmpty() ? head : with(head, version.getAsLong());
        }
        long[] held = {head.membersVersion()};
        rosters.hold(conversation, version -> {
            if (version != held[0]) {
                move(conversation, version);
                held[0] = version;
            }
        });
        return held[0] == head.membersVersion() ? head : heads.newestSerially(conversation);
    }

    private static Head with(Head head, long version) {
        return new Head(
                head.bucket(), head.lastSeq(), head.lastAt(), version, head.changes(), head.movedAt(), head.changeBy());
    }

    /** After others were first: a short while, so that two who are in each other's way get out of it. */
    static void letOthers() {
        if (!Cassandra.hasPaused(OTHERS_MAX)) {
            throw new StoreUnavailable("cassandra", new IllegalStateException("others were always first"));
        }
    }
}
