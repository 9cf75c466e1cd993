/**
 * Who is there, for who asks, and how one wants to appear. What changes is told by the stream nodes.
 */
@NullMarked
package chat.parley.sendapi.presence;

import org.jspecify.annotations.NullMarked;
