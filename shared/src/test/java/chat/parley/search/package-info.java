/** Tests of the index and of the words it is made of. */
@NullMarked
package chat.parley.search;

import org.jspecify.annotations.NullMarked;
