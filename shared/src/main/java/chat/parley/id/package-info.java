/**
 * Ids of the domain: 64-bit time-sorted ids (TSID), written as 13 characters of Crockford base32 because JavaScript cannot hold
 * a 64-bit integer. Each kind of thing has a record of its own, so that one cannot be passed for another.
 *
 * <p>Owns the table {@code id_node}, which says what of the room of ids was given away: docs/adr/0014-node-ids.md.
 */
@NullMarked
package chat.parley.id;

import org.jspecify.annotations.NullMarked;
