/** Tests of retention against a real PostgreSQL. */
@NullMarked
package chat.parley.sendapi.retention;

import org.jspecify.annotations.NullMarked;
