package chat.parley.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.embedded.EmbeddedRedis.Persistence;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisConnectionException;

class TestkitTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    @RegisterExtension
    static final RealRedis REDIS = RealRedis.shared();

    @Test
    void each_database_is_a_separate_one() throws SQLException {
        var other = RealPostgres.fresh().create();
        try (var connection = POSTGRES.dataSource().getConnection();
                var statement = connection.createStatement()) {
            assertNotEquals(other.jdbcUrl(), POSTGRES.jdbcUrl());
            statement.execute("CREATE TABLE only_here (id int)");
            try (var there = other.dataSource().getConnection();
                    var elsewhere = there.createStatement()) {
                assertThrows(SQLException.class, () -> elsewhere.execute("SELECT * FROM only_here"));
            }
        } finally {
            other.drop();
        }
    }

    @RepeatedTest(2)
    void redis_is_empty_before_each_test() {
        try (var redis = REDIS.jedis()) {
            assertEquals(0, redis.dbSize());
            redis.set("left", "behind");
        }
    }

    @Test
    void a_server_of_ones_own_may_be_killed() throws Exception {
        try (var own = RealRedis.own(Persistence.NONE)) {
            own.server().kill();
            try (var redis = new Jedis("127.0.0.1", own.server().port())) {
                assertThrows(JedisConnectionException.class, redis::ping);
            }
            own.server().restart();
            assertTrue(own.server().isAlive());
            assertTrue(REDIS.server().isAlive());
        }
    }

    @Test
    void the_clock_moves_by_hand_only() {
        var clock = StepClock.started();
        var before = clock.instant();
        assertEquals(before, clock.instant());
        clock.advance(Duration.ofSeconds(44));
        assertEquals(Duration.ofSeconds(44), Duration.between(before, clock.instant()));
    }
}
