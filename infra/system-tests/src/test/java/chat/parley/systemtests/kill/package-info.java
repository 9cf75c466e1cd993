/**
 * Faults during sends, each on real processes with a recorded history that is checked afterwards: nothing acknowledged is lost, nothing is made
 * up, one message a key, one order for everyone.
 */
@NullMarked
package chat.parley.systemtests.kill;

import org.jspecify.annotations.NullMarked;
