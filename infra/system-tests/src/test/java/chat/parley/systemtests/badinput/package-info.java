/** What a stranger or a broken client may send, against the running processes: a clear problem answer, nothing stored, nobody else harmed. */
@NullMarked
package chat.parley.systemtests.badinput;

import org.jspecify.annotations.NullMarked;
