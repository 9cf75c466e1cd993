/**
 * HTTP for what protects people from each other: blocks and reports. Owns no data.
 */
@NullMarked
package chat.parley.sendapi.safety;

import org.jspecify.annotations.NullMarked;
