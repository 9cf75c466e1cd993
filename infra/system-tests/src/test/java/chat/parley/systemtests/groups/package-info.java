/** Large groups, with the real services in this JVM: who is told what around joining, leaving, the switch and failures, and what a message costs. */
@NullMarked
package chat.parley.systemtests.groups;

import org.jspecify.annotations.NullMarked;
