/**
 * Who is there. A lease for each person and node, in Redis only: nothing here outlives it, and losing it costs half a minute of wrong dots.
 */
@NullMarked
package chat.parley.presence;

import org.jspecify.annotations.NullMarked;
