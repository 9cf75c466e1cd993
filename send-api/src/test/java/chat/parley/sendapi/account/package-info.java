@NullMarked
package chat.parley.sendapi.account;

import org.jspecify.annotations.NullMarked;
