/**
 * What every process needs to be run by somebody: settings, secrets, health, metrics, clocks, shutdown.
 */
@NullMarked
package chat.parley.ops;

import org.jspecify.annotations.NullMarked;
