@NullMarked
package chat.parley.sendapi.http;

import org.jspecify.annotations.NullMarked;
