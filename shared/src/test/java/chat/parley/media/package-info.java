/** Tests of media. */
@NullMarked
package chat.parley.media;

import org.jspecify.annotations.NullMarked;
