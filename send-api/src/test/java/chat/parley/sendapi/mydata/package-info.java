@NullMarked
package chat.parley.sendapi.mydata;

import org.jspecify.annotations.NullMarked;
