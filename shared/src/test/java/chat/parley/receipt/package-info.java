/** Tests of marks against a real PostgreSQL. */
@NullMarked
package chat.parley.receipt;

import org.jspecify.annotations.NullMarked;
