@NullMarked
package chat.parley.account;

import org.jspecify.annotations.NullMarked;
