/**
 * What tests of every module start from: real stores, one of each a JVM, and a clock that is moved by hand.
 *
 * <p>Data: temporary folders, deleted when the JVM ends. Each test class owns a PostgreSQL database of its own, copied from a
 * migrated template; Redis is shared and emptied before each test.
 */
@NullMarked
package chat.parley.testkit;

import org.jspecify.annotations.NullMarked;
