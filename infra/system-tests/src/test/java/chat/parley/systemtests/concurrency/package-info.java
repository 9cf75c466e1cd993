/** Many writers and readers at once over HTTP, with nothing broken: nobody misses a message, and everyone sees one order. */
@NullMarked
package chat.parley.systemtests.concurrency;

import org.jspecify.annotations.NullMarked;
