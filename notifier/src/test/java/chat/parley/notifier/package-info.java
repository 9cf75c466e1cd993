/** The notifier over a real Redis. */
@NullMarked
package chat.parley.notifier;

import org.jspecify.annotations.NullMarked;
