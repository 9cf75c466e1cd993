/** PostgreSQL and Redis in containers, for the tests of the stores that otherwise start both from Maven Central's files. */
@NullMarked
package chat.parley.containers;

import org.jspecify.annotations.NullMarked;
