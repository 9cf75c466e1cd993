/** Search: an indexer beside the sends, a sweep for what it missed, and the question over HTTP. */
@NullMarked
package chat.parley.sendapi.search;

import org.jspecify.annotations.NullMarked;
