package chat.parley.stream;

import java.nio.ByteBuffer;

/** The answer to the request for a stream. After its head was written the endpoint is the stream's. */
interface StreamAnswer {
    /** Writes the head and the beginning of the stream, and returns at once. */
    void begin(ByteBuffer first);

    /** There will be none. */
    void abort();
}
