/**
 * Uploads and downloads: {@link chat.parley.sendapi.media.MediaRoutes} speaks HTTP, {@link chat.parley.sendapi.media.UploadMedia} decides what a
 * file is and keeps it. Data: {@code media}, by the catalog of {@code chat.parley.media}.
 */
@NullMarked
package chat.parley.sendapi.media;

import org.jspecify.annotations.NullMarked;
