package chat.parley.conversation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import chat.parley.id.UserId;
import chat.parley.testkit.RealPostgres;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Someone in 1,000 of 40,000 conversations: pages must cost what the person has, not what the table holds. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConversationsAtScaleTest {
    private static final int MINE = 1_000;
    private static final int ALL = 40_000;

    /** Rows of one statement: well under the statement limit on a busy machine. */
    private static final int STEP = 5_000;

    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private World world;
    private UserId ann;

    @BeforeAll
    void fill() {
        world = new World(POSTGRES);
        ann = world.person();
        var others = world.people(2);
        long first = others.getFirst().value();
        for (int start = 1; start <= ALL; start += STEP) {
            world.execute("""
                    INSERT INTO conversation
                        (id, type, name, created_by, created_at, updated_at, changed_at, last_at, member_count, last_seq)
                    SELECT n, 'group', 'g', %d, now(), now(), now(), now() - n * interval '1 second', 5, 1
                    FROM generate_series(%d, %d) n
                    """.formatted(first, start, start + STEP - 1));
            world.execute("""
                    INSERT INTO member (conversation_id, user_id, role, joined_at, joined_seq, changed_at)
                    SELECT n, u.id, 'member', now(), 1, now()
                    FROM generate_series(%d, %d) n CROSS JOIN (SELECT id FROM users WHERE id <> %d) u
                    """.formatted(start, start + STEP - 1, ann.value()));
            world.execute("""
                    INSERT INTO message (conversation_id, seq, sender_id, client_message_id, body_hash, text, created_at)
                    SELECT n, 1, %d, 'key', '', 'text', now() FROM generate_series(%d, %d) n
                    """.formatted(first, start, start + STEP - 1));
        }
        world.execute("""
                INSERT INTO member (conversation_id, user_id, role, joined_at, joined_seq, changed_at)
                SELECT n * 40, %d, 'member', now(), 1, now() FROM generate_series(1, %d) n
                """.formatted(ann.value(), MINE));
        world.execute("ANALYZE");
    }

    @AfterAll
    void close() {
        world.close();
    }

    @Test
    void a_page_of_the_list_reads_by_index() {
        assertEquals(50, world.list.page(ann, null, 50).size());
        String first = explain(ConversationList.FIRST_PAGE
                .replaceFirst("\\?", Long.toString(ann.value()))
                .replaceFirst("\\?", "51"));
        assertFalse(first.contains("Seq Scan"), first);
        String next = explain(ConversationList.NEXT_PAGE
                .replaceFirst("\\?", Long.toString(ann.value()))
                .replaceFirst("\\?", "'9999-12-31'::timestamptz")
                .replaceFirst("\\?", Long.toString(Long.MAX_VALUE))
                .replaceFirst("\\?", "51"));
        assertFalse(next.contains("Seq Scan"), next);
    }

    @Test
    void a_rebuilt_stream_reads_by_index() {
        assertEquals(
                MINE,
                world.conversations.since(ann, Instant.now()).memberships().size());
        String plan = explain(Conversations.MEMBERS_SINCE
                .replace(":user", Long.toString(ann.value()))
                .replace(":since", "now()"));
        assertFalse(plan.contains("Seq Scan on member m"), plan);
        String marks = explain(Conversations.MARKS_SINCE
                .replace(":user", Long.toString(ann.value()))
                .replace(":since", "now()"));
        assertFalse(marks.contains("Seq Scan"), marks);
    }

    private String explain(String statement) {
        var lines = world.postgres.with(db -> db.createQuery("EXPLAIN ANALYZE " + statement)
                .mapTo(String.class)
                .list());
        return String.join("\n", lines);
    }
}
