/** What guards connections to addresses that others name. */
@NullMarked
package chat.parley.net;

import org.jspecify.annotations.NullMarked;
