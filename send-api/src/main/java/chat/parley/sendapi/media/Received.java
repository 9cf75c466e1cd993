package chat.parley.sendapi.media;

import chat.parley.media.SpoolFile;

/**
 * A file that came in whole.
 *
 * @param head its first bytes
 */
record Received(SpoolFile bytes, byte[] head, byte[] sha256) {}
