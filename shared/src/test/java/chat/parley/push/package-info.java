/** Push jobs on a real Redis. */
@NullMarked
package chat.parley.push;

import org.jspecify.annotations.NullMarked;
