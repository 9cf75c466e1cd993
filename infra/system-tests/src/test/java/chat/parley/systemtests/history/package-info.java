/**
 * What a test recorded, and whether the promise held: every send with its outcome (ok, failed, unknown), everything every device received, and
 * the durable history afterwards. {@link chat.parley.systemtests.history.Checker} knows nothing of HTTP, so that planted faults test it.
 */
@NullMarked
package chat.parley.systemtests.history;

import org.jspecify.annotations.NullMarked;
