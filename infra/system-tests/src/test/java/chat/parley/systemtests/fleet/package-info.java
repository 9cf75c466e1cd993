/** Many processes of each service over the same stores, behind something that knows no client again. */
@NullMarked
package chat.parley.systemtests.fleet;

import org.jspecify.annotations.NullMarked;
