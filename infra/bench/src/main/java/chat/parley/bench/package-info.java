/**
 * Benchmarks of a whole Parley on one machine: embedded PostgreSQL and Redis, the three services, and the load, each in processes of its own,
 * so that the CPU of each can be read from /proc. {@code infra/bench/run} starts {@link chat.parley.bench.Bench}; the README beside it says
 * what is measured and how to read it.
 *
 * <p>Data: a folder that is deleted at the end. Everything stays on the loopback address.
 */
@NullMarked
package chat.parley.bench;

import org.jspecify.annotations.NullMarked;
