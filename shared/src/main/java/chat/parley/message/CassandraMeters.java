package chat.parley.message;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;

/** What is counted of conditional batches. */
record CassandraMeters(Timer time, Counter contention, Counter unknown) {
    static CassandraMeters in(MeterRegistry meters) {
        return new CassandraMeters(
                Timer.builder("parley.cassandra.batch")
                        .publishPercentileHistogram()
                        .register(meters),
                meters.counter("parley.cassandra.contention"),
                meters.counter("parley.cassandra.unknown"));
    }
}
