package chat.parley.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;

/**
 * The one JSON configuration. Reading is strict: small depth, short numbers, no duplicate keys, nothing after the value. Jackson's own limits
 * (depth 1,000, strings of 20 MB) would let a small body cost much.
 *
 * <p>U+2028 and U+2029 need no escape for SSE: only CR and LF end a line there (WHATWG HTML 9.2.5), and JSON always escapes those.
 */
public final class Json {
    /** Deepest nesting read. Our deepest request body nests 3. */
    private static final int DEPTH_MAX = 16;

    /** Longest string read, in chars: the longest text of a message (10,000 code points, 2 chars each) and room for an error of ours. */
    private static final int STRING_CHARS_MAX = 64 * 1024;

    /** Longest number read: a long has 19 digits and a sign; more is an attack on BigInteger parsing. */
    private static final int NUMBER_CHARS_MAX = 24;

    /** Longest name of a field read. */
    private static final int NAME_CHARS_MAX = 256;

    /** Thread-safe; gives out generators and parsers. */
    public static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(DEPTH_MAX)
                    .maxStringLength(STRING_CHARS_MAX)
                    .maxNumberLength(NUMBER_CHARS_MAX)
                    .maxNameLength(NAME_CHARS_MAX)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            // By default buffers belong to a thread, and a virtual thread serves one request: each would make its own
            // 30 KB. They are held while text is read or written, never over a wait, so about one a core is kept.
            .recyclerPool(JsonRecyclerPools.newConcurrentDequePool())
            .disable(JsonWriteFeature.ESCAPE_NON_ASCII)
            .build();

    /** Reads trees and binds no classes: requests are read field by field, so that a complaint can name the field. */
    public static final ObjectMapper MAPPER = JsonMapper.builder(FACTORY)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private Json() {}
}
