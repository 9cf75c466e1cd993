/** Uploads and downloads over HTTP. */
@NullMarked
package chat.parley.sendapi.media;

import org.jspecify.annotations.NullMarked;
