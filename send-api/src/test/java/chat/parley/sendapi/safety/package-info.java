/** Tests of blocks and reports over HTTP. */
@NullMarked
package chat.parley.sendapi.safety;

import org.jspecify.annotations.NullMarked;
