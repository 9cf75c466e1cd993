/**
 * HTTP at the edge: reading bodies strictly, knowing the caller, answering problems, logging requests.
 */
@NullMarked
package chat.parley.sendapi.http;

import org.jspecify.annotations.NullMarked;
