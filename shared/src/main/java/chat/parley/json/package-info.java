/**
 * Strict JSON in, canonical JSON out. Nobody else configures Jackson.
 */
@NullMarked
package chat.parley.json;

import org.jspecify.annotations.NullMarked;
