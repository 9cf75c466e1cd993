/** Tests of conversations and members on real PostgreSQL. */
@NullMarked
package chat.parley.conversation;

import org.jspecify.annotations.NullMarked;
