/** Tests of conversations over HTTP, through the production wiring. */
@NullMarked
package chat.parley.sendapi.conversation;

import org.jspecify.annotations.NullMarked;
