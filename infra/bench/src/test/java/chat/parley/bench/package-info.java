/** Keeps the benchmarks able to run. Asserts nothing about time: figures come from {@code infra/bench/run} on a quiet machine. */
@NullMarked
package chat.parley.bench;

import org.jspecify.annotations.NullMarked;
