/**
 * Ids of the domain: 64-bit time-sorted ids (TSID), written as 13 characters of Crockford base32 because JavaScript cannot hold
 * a 64-bit integer. Each kind of thing has a record of its own, so that one cannot be passed for another.
 */
@NullMarked
package chat.parley.id;

import org.jspecify.annotations.NullMarked;
