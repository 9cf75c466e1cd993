/**
 * Uploaded files: what is known about each in PostgreSQL ({@code media}, {@code media_use}), the bytes in a {@link chat.parley.media.BlobStore}.
 * Rows are written before blobs and go after them, so no blob is without a row that leads the collector to it. Uses are kept by triggers on the
 * tables that name media; nobody else writes them.
 */
@NullMarked
package chat.parley.media;

import org.jspecify.annotations.NullMarked;
