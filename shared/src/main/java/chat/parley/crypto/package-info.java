/** What computes the elliptic curves of tokens and pushes. */
@NullMarked
package chat.parley.crypto;

import org.jspecify.annotations.NullMarked;
