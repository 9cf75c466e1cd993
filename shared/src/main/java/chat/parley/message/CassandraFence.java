package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import chat.parley.message.CassandraHeads.Head;
import chat.parley.ops.StoreUnavailable;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The version of a conversation's members as its newest bucket has it: a send is stored only against the same. A change of members moves it first, while it holds the lock
 * of the conversation in PostgreSQL, and so learns after which seq it happened. Where that transaction fails afterwards, the fence is ahead; the next send
 * sets it right under the same lock.
 */
final class CassandraFence {
    private static final Logger LOG = LoggerFactory.getLogger(CassandraFence.class);

    private static final Duration LIMIT = Duration.ofSeconds(4);
    private static final Duration OTHERS_MAX = Duration.ofMillis(20);

    /** Fences set right at once. */
    private static final int HOLDING_MAX = 2;

    private final Semaphore holding = new Semaphore(HOLDING_MAX);
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

    /**
     * Moves the fence forward to this version; the newest seq at that moment. To be called while nobody else changes members.
     *
     * @throws StoreUnavailable also when the fence is further ahead. Either the lock that the caller believes to hold is another's by now, or others failed after
     *     they had moved it: which of both, whoever holds the lock next finds out
     */
    long move(ConversationId conversation, long version) {
        return Cassandra.within(LIMIT, () -> {
            while (true) {
                try {
                    var head = heads.newestSerially(conversation);
                    var found = head.membersVersion();
                    if (found != null && found > version) {
                        Thread.ofVirtual().name("fence").start(() -> setRight(conversation));
                        break;
                    }
                    if (Objects.equals(found, version) || isSet(conversation, head, version)) {
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
            throw new StoreUnavailable("cassandra", new IllegalStateException("the fence is ahead of this change"));
        });
    }

    private void setRight(ConversationId conversation) {
        try {
            reconciled(conversation, heads.newestSerially(conversation));
        } catch (StoreUnavailable e) {
            LOG.debug("the next change of members, or the next send, tries again", e);
        }
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
        long seen = head.membersVersion();
        boolean[] agrees = {true};
        alone(() -> rosters.hold(conversation, version -> {
            agrees[0] = version == seen;
            if (!agrees[0]) {
                replace(conversation, seen, version);
            }
        }));
        return agrees[0] ? head : heads.newestSerially(conversation);
    }

    /**
     * Sets the fence, backwards too, while it is what it was before the lock was taken: who loses the lock meanwhile, with the connection, undoes nobody's
     * change.
     */
    private void replace(ConversationId conversation, long seen, long version) {
        Cassandra.within(LIMIT, () -> {
            while (true) {
                try {
                    var head = heads.newestSerially(conversation);
                    if (!Objects.equals(head.membersVersion(), seen) || isSet(conversation, head, version)) {
                        return head;
                    }
                    letOthers();
                } catch (StoreUnavailable e) {
                    if (!Cassandra.hasPaused()) {
                        throw e;
                    }
                }
            }
        });
    }

    /** Few at once: each keeps a connection to PostgreSQL while Cassandra answers, and logins and lists need some too. */
    private void alone(Runnable work) {
        try {
            if (!holding.tryAcquire(Cassandra.left().toNanos(), TimeUnit.NANOSECONDS)) {
                throw new StoreUnavailable("cassandra", new IllegalStateException("those before took too long"));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailable("cassandra", e);
        }
        try {
            work.run();
        } finally {
            holding.release();
        }
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
