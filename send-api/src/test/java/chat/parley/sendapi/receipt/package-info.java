/** Tests of marks over HTTP and of what is told of them. */
@NullMarked
package chat.parley.sendapi.receipt;

import org.jspecify.annotations.NullMarked;
