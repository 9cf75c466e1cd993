/**
 * The process that takes requests: wiring, the table of URLs, and the pages it serves.
 */
@NullMarked
package chat.parley.sendapi;

import org.jspecify.annotations.NullMarked;
