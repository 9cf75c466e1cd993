/** The repository checks itself: budgets that nobody enforces are wishes. */
@NullMarked
package chat.parley.systemtests.tidy;

import org.jspecify.annotations.NullMarked;
