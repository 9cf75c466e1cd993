/**
 * What a client knows: fetched once and kept true by events alone, it must be what a fresh fetch says, byte for byte.
 */
@NullMarked
package chat.parley.systemtests.state;

import org.jspecify.annotations.NullMarked;
