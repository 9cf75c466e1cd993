package chat.parley.embedded;

import org.jspecify.annotations.Nullable;

/** An embedded server cannot be used. The message is a sentence for whoever started it: what is wrong, and what helps. */
public final class EmbeddedServerException extends RuntimeException {
    EmbeddedServerException(String sentence) {
        this(sentence, null);
    }

    EmbeddedServerException(String sentence, @Nullable Throwable cause) {
        super(sentence, cause);
    }
}
