package chat.parley.problem;

import chat.parley.json.JsonText;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One problem answer (RFC 9457).
 *
 * @param detail what a person would want to know beyond the title, or null; never repeats a secret
 * @param errors which fields, when fields are at fault
 */
public record Problem(Fault fault, @Nullable String detail, List<FieldError> errors) {
    /** The media type of an answer with this body. */
    public static final String CONTENT_TYPE = "application/problem+json";

    /** Permanent too; resolves to nothing, as RFC 9457 allows. */
    private static final String TYPE_PREFIX = "urn:parley:error:";

    /**
     * One field at fault.
     *
     * @param pointer JSON pointer into the body (RFC 6901), or the name of a parameter or header
     * @param code what is wrong with it, for example {@code too_long}
     */
    public record FieldError(String pointer, String code) {}

    /** A problem without more to say. */
    public static Problem of(Fault fault) {
        return new Problem(fault, null, List.of());
    }

    /** A problem with a sentence. */
    public static Problem of(Fault fault, String detail) {
        return new Problem(fault, detail, List.of());
    }

    /** One field or parameter is at fault. */
    public static Problem field(String pointer, String code) {
        return new Problem(Fault.INVALID_FIELD, null, List.of(new FieldError(pointer, code)));
    }

    /** The body of the answer. */
    public byte[] json(String requestId, String path) {
        return JsonText.bytes(json -> write(json, requestId, path));
    }

    private void write(JsonGenerator json, String requestId, String path) throws IOException {
        json.writeStartObject();
        json.writeStringField("type", type(fault));
        json.writeStringField("title", fault.title());
        json.writeNumberField("status", fault.status());
        if (detail != null) {
            json.writeStringField("detail", detail);
        }
        json.writeStringField("instance", path);
        json.writeStringField("code", fault.code());
        json.writeStringField("request_id", requestId);
        json.writeBooleanField("retryable", fault.retryable());
        json.writeArrayFieldStart("errors");
        for (FieldError error : errors) {
            json.writeStartObject();
            json.writeStringField("pointer", error.pointer());
            json.writeStringField("code", error.code());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    /** The permanent type of a fault. */
    public static String type(Fault fault) {
        return TYPE_PREFIX + fault.code();
    }
}
