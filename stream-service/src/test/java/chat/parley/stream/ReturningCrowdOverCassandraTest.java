package chat.parley.stream;

import chat.parley.message.MessageSettings;
import chat.parley.testkit.RealCassandra;

/** The same with messages in Cassandra; who is in which conversation is asked of PostgreSQL as ever. */
class ReturningCrowdOverCassandraTest extends ReturningCrowdTest {
    @Override
    MessageSettings keptIn() {
        return new MessageSettings(RealCassandra.shared().freshKeyspace());
    }

    @Override
    int crowdSize() {
        return 120;
    }
}
