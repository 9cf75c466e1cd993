/** Tests of search over HTTP, and of the sweep. */
@NullMarked
package chat.parley.sendapi.search;

import org.jspecify.annotations.NullMarked;
