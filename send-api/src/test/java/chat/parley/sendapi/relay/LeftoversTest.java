package chat.parley.sendapi.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import chat.parley.cassandra.Cassandra;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.AppendOutcome.Stored;
import chat.parley.message.CassandraMessageStore;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageChange;
import chat.parley.message.MessageStore;
import chat.parley.message.NewMessage;
import chat.parley.message.PostgresRosterVersions;
import chat.parley.redis.RedisKeys;
import chat.parley.testkit.RealCassandra;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LeftoversTest extends RelayFixture {
    private static Cassandra cassandra;

    @BeforeAll
    static void openCassandra() {
        cassandra = Cassandra.open(RealCassandra.shared().freshKeyspace());
    }

    @AfterAll
    static void closeCassandra() {
        cassandra.close();
    }

    @Override
    MessageStore newStore() {
        return new CassandraMessageStore(cassandra, new PostgresRosterVersions(postgres), clock, meters);
    }

    @Test
    void what_minutes_without_redis_left_is_told_once_and_in_order_though_streams_keep_less() {
        outbox.noteRedisTag(parts.events().tag());
        var talk = newConversation();
        int count = 300;
        for (int i = 1; i <= count; i++) {
            say(talk, i);
            clock.advance(Duration.ofSeconds(1));
        }
        parts.relay().pass();
        clock.advance(Duration.ofSeconds(20));
        parts.relay().pass();
        clock.advance(Duration.ofSeconds(20));
        parts.relay().pass();
        assertEquals(0, messages.overdue(clock.instant(), 1_000).size());
        assertEquals(count, told(BOB));
        assertEquals("m:" + talk + ":" + count + ":1", keys(parts, BOB).getLast());
        assertEquals(count, pushJobs(parts));
    }

    @Test
    void what_became_of_older_messages_is_told_and_keeps_no_other_conversation_back() {
        outbox.noteRedisTag(parts.events().tag());
        var talk = newConversation();
        say(talk, 1);
        clock.advance(Duration.ofMinutes(1));
        parts.relay().pass();
        messages.change(new MessageChange(talk, 1, 1, ANN, new MessageChange.Edit("better", null, null)));
        clock.advance(Duration.ofSeconds(1)); // those that wait longest are told first
        var other = newConversation();
        say(other, 1);
        clock.advance(Duration.ofMinutes(1));
        parts.relay().pass();
        assertEquals(List.of("m:" + talk + ":1:1", "m:" + talk + ":1:2", "m:" + other + ":1:1"), keys(parts, BOB));
        assertEquals(0, messages.overdue(clock.instant(), 1_000).size());
    }

    private void say(ConversationId talk, int number) {
        var message = new NewMessage(talk, 1, ANN, "key" + number, MessageBody.text("text"));
        assertInstanceOf(Stored.class, messages.append(message));
    }

    /** How many entries were ever appended to a stream: they are counted in their ids. */
    private long told(UserId user) {
        var newest = parts.redis().with(redis -> redis.xrevrange(RedisKeys.stream(user), "+", "-", 1));
        return newest.getFirst().getID().getSequence();
    }
}
