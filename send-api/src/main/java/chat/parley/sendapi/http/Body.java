package chat.parley.sendapi.http;

import chat.parley.json.Json;
import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import chat.parley.problem.ProblemException;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A request's JSON object, read field by field. Each read checks; {@link #done} refuses what nobody read and throws the complaints about
 * all fields together, so the values read before it must not be acted on. For one request, one thread.
 */
public final class Body {
    /** Largest body read, in bytes: 10,000 code points as JSON escapes (12 bytes each, at worst) and the fields around them. */
    public static final int BYTES_MAX = 128 * 1024;

    static final String ENDED_EARLY = "The body ended early.";

    private static final String JSON = "application/json";

    /** Later years have more than four digits, which few can read. */
    private static final Instant END_OF_TIME = Instant.parse("9999-12-31T00:00:00Z");

    private final byte[] bytes;
    private final ObjectNode object;
    private final Set<String> known = new HashSet<>();
    private final List<Problem.FieldError> errors = new ArrayList<>();
    private final List<Body> inner = new ArrayList<>();
    private final String place;

    /** @param place JSON pointer of the object; empty for the body itself */
    private Body(byte[] bytes, ObjectNode object, String place) {
        this.bytes = bytes;
        this.object = object;
        this.place = place;
    }

    /** Reads the body of a request, which must be a JSON object in UTF-8. */
    public static Body of(Context http) {
        return of(http, Set.of(JSON));
    }

    /**
     * The same of what a page may send by {@code navigator.sendBeacon} while it goes: given a text, browsers say {@code text/plain}, and only for that do they not ask another origin
     * first, for which a page that goes has no time. A page that must not write is refused by its {@code Origin}, whatever the type.
     */
    public static Body ofBeacon(Context http) {
        return of(http, Set.of(JSON, "text/plain"));
    }

    private static Body of(Context http, Set<String> types) {
        checkType(http.contentType(), http.header("Content-Encoding"), types);
        return of(read(http));
    }

    /** Refuses by these headers what is not plain JSON. */
    static void checkType(@Nullable String type, @Nullable String encoding) {
        checkType(type, encoding, Set.of(JSON));
    }

    private static void checkType(@Nullable String type, @Nullable String encoding, Set<String> types) {
        if (type == null || !types.contains(bare(type))) {
            throw new ProblemException(Fault.UNSUPPORTED_MEDIA_TYPE);
        }
        if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
            throw new ProblemException(Fault.UNSUPPORTED_MEDIA_TYPE);
        }
    }

    /** Refuses a body of more bytes than are read. */
    static void checkLength(long length) {
        if (length > BYTES_MAX) {
            throw new ProblemException(Fault.BODY_TOO_LARGE);
        }
    }

    /** The JSON object in UTF-8 that a whole body must be. */
    static Body of(byte[] bytes) {
        try {
            // Jackson accepts some malformed UTF-8; what is stored must be what was sent.
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            if (Json.MAPPER.readTree(bytes) instanceof ObjectNode object) {
                return new Body(bytes, object, "");
            }
            throw new ProblemException(Problem.of(Fault.INVALID_JSON, "The body must be an object."));
        } catch (JacksonException e) {
            var at = e.getLocation();
            String where = at == null ? "" : " Line " + at.getLineNr() + ", column " + at.getColumnNr() + ".";
            throw new ProblemException(Problem.of(
                    Fault.INVALID_JSON, "Expected plain JSON, of modest depth, without repeated fields." + where));
        } catch (CharacterCodingException e) {
            throw new ProblemException(Problem.of(Fault.INVALID_JSON, "The body is not UTF-8."));
        } catch (IOException e) {
            throw new ProblemException(Fault.INVALID_JSON);
        }
    }

    /** A media type without its parameters. */
    private static String bare(String type) {
        int end = type.indexOf(';');
        return (end < 0 ? type : type.substring(0, end)).strip().toLowerCase(Locale.ROOT);
    }

    private static byte[] read(Context http) {
        int length = http.contentLength(); // -1 where the body is in chunks
        checkLength(length);
        try {
            // One byte more than is expected or allowed, so that the end is seen.
            byte[] bytes = length < 0
                    ? http.bodyInputStream().readNBytes(BYTES_MAX + 1)
                    : exactly(http.bodyInputStream(), length);
            checkLength(bytes.length);
            return bytes;
        } catch (IOException e) {
            throw new ProblemException(Problem.of(Fault.INVALID_JSON, ENDED_EARLY));
        }
    }

    private static byte[] exactly(InputStream in, int length) throws IOException {
        byte[] bytes = new byte[length + 1];
        return Arrays.copyOf(bytes, in.readNBytes(bytes, 0, bytes.length));
    }

    /** The bytes as sent, for a hash. */
    public byte[] bytes() {
        return bytes.clone();
    }

    /** Whether the field was sent and is not null. */
    public boolean has(String field) {
        return object.hasNonNull(field);
    }

    /** Whether the field was sent as null, which takes away what it names. */
    public boolean isNull(String field) {
        JsonNode node = object.get(field);
        return node != null && node.isNull();
    }

    /** A required text of {@code min} to {@code max} code points; the empty text after a complaint. */
    public String text(String field, int min, int max) {
        String text = textOrNull(field, min, max);
        if (text == null) {
            if (!object.hasNonNull(field)) {
                complain(field, "required");
            }
            return "";
        }
        return text;
    }

    /** An optional text of {@code min} to {@code max} code points; null where it is not sent, and after a complaint. */
    public @Nullable String textOrNull(String field, int min, int max) {
        JsonNode node = read(field);
        if (node == null) {
            return null;
        }
        if (!node.isTextual()) {
            complain(field, "not_text");
            return null;
        }
        String text = node.textValue();
        int length = text.codePointCount(0, text.length());
        if (length < min) {
            complain(field, "too_short");
        } else if (length > max) {
            complain(field, "too_long");
        } else if (text.indexOf('\0') >= 0) {
            complain(field, "nul"); // PostgreSQL cannot keep it
        } else if (hasLoneSurrogate(text)) {
            complain(field, "lone_surrogate");
        } else {
            return text;
        }
        return null;
    }

    /** A list of texts, at most {@code max}, empty where it is not sent; the texts are not checked. */
    public List<String> texts(String field, int max) {
        JsonNode node = read(field);
        if (node == null) {
            return List.of();
        }
        if (!node.isArray()) {
            complain(field, "not_a_list");
            return List.of();
        }
        if (node.size() > max) {
            complain(field, "too_long");
            return List.of();
        }
        var texts = new ArrayList<String>(node.size());
        for (JsonNode item : node) {
            if (!item.isTextual()) {
                complain(field, "not_text");
                return List.of();
            }
            texts.add(item.textValue());
        }
        return texts;
    }

    /** An optional whole number from 0; null where it is not sent, and after a complaint. */
    public @Nullable Long seqOrNull(String field) {
        JsonNode node = read(field);
        if (node == null) {
            return null;
        }
        if (!node.isIntegralNumber() || !node.canConvertToLong()) {
            complain(field, "not_a_seq");
            return null;
        }
        if (node.longValue() < 0) {
            complain(field, "out_of_range");
            return null;
        }
        return node.longValue();
    }

    /** An optional object of the client's own, as compact JSON of at most {@code max} bytes; null where it is not sent, and after a complaint. */
    public @Nullable String objectOrNull(String field, int max) {
        JsonNode node = read(field);
        if (node == null) {
            return null;
        }
        if (!node.isObject()) {
            complain(field, "not_an_object");
            return null;
        }
        String json = node.toString();
        if (json.getBytes(StandardCharsets.UTF_8).length > max) {
            complain(field, "too_long");
        } else if (hasLoneSurrogate(json)) {
            complain(field, "lone_surrogate");
        } else if (!isFinite(node)) {
            complain(field, "number_too_large");
        } else if (hasNul(node)) {
            complain(field, "nul"); // PostgreSQL keeps it as text and cannot read it as JSON
        } else {
            return json;
        }
        return null;
    }

    private static boolean isFinite(JsonNode node) {
        if (node.isFloatingPointNumber()) {
            return Double.isFinite(node.doubleValue());
        }
        for (JsonNode child : node) {
            if (!isFinite(child)) {
                return false;
            }
        }
        return true;
    }

    private static boolean hasNul(JsonNode node) {
        if (node.isTextual()) {
            return node.textValue().indexOf('\0') >= 0;
        }
        for (var field : node.properties()) {
            if (field.getKey().indexOf('\0') >= 0 || hasNul(field.getValue())) {
                return true;
            }
        }
        if (node.isArray()) {
            for (JsonNode item : node) {
                if (hasNul(item)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Has no UTF-8 form. */
    private static boolean hasLoneSurrogate(String text) {
        return text.codePoints().anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
    }

    /** An optional true or false; null where it is not sent, and after a complaint. */
    public @Nullable Boolean flagOrNull(String field) {
        JsonNode node = read(field);
        if (node == null) {
            return null;
        }
        if (!node.isBoolean()) {
            complain(field, "not_a_boolean");
            return null;
        }
        return node.booleanValue();
    }

    /** An optional whole number from {@code min} to {@code max}; null where it is not sent, and after a complaint. */
    public @Nullable Long wholeOrNull(String field, long min, long max) {
        JsonNode node = read(field);
        if (node == null) {
            return null;
        }
        if (!node.isIntegralNumber()) {
            complain(field, "not_a_whole_number");
            return null;
        }
        if (!node.canConvertToLong() || node.longValue() < min || node.longValue() > max) {
            complain(field, "out_of_range");
            return null;
        }
        return node.longValue();
    }

    /** An optional time as of RFC 3339, in whole milliseconds; null where it is not sent, and after a complaint. */
    public @Nullable Instant timeOrNull(String field) {
        JsonNode node = read(field);
        if (node == null) {
            return null;
        }
        try {
            var time = Instant.parse(node.isTextual() ? node.textValue() : "").truncatedTo(ChronoUnit.MILLIS);
            if (!time.isBefore(Instant.EPOCH) && time.isBefore(END_OF_TIME)) {
                return time;
            }
            complain(field, "out_of_range");
        } catch (DateTimeParseException e) {
            complain(field, "not_a_time");
        }
        return null;
    }

    /** An optional one of the {@code choices}, which are named as in JSON; null where it is not sent, and after a complaint. */
    public <T> @Nullable T choiceOrNull(String field, Map<String, T> choices) {
        JsonNode node = read(field);
        if (node == null) {
            return null;
        }
        if (!node.isTextual()) {
            complain(field, "not_text");
            return null;
        }
        T choice = choices.get(node.textValue());
        if (choice == null) {
            complain(field, "not_a_choice");
        }
        return choice;
    }

    /** A list of objects, at most {@code max}, empty where it is not sent. What is read of them is checked by {@link #done} of this body. */
    public List<Body> objects(String field, int max) {
        JsonNode node = read(field);
        if (node == null) {
            return List.of();
        }
        if (!node.isArray()) {
            complain(field, "not_a_list");
            return List.of();
        }
        if (node.size() > max) {
            complain(field, "too_long");
            return List.of();
        }
        var objects = new ArrayList<Body>(node.size());
        for (JsonNode item : node) {
            if (!(item instanceof ObjectNode each)) {
                complain(field, "not_an_object");
                return List.of();
            }
            objects.add(new Body(bytes, each, pointer(field) + "/" + objects.size()));
        }
        inner.addAll(objects);
        return objects;
    }

    /** A required object. What is read of it is checked by {@link #done} of this body; null after a complaint. */
    public @Nullable Body nested(String field) {
        if (!object.hasNonNull(field)) {
            known.add(field);
            complain(field, "required");
            return null;
        }
        return nestedOrNull(field);
    }

    /** The same, optional; null also where it is not sent. */
    public @Nullable Body nestedOrNull(String field) {
        JsonNode node = read(field);
        if (node == null) {
            return null;
        }
        if (!(node instanceof ObjectNode each)) {
            complain(field, "not_an_object");
            return null;
        }
        var body = new Body(bytes, each, pointer(field));
        inner.add(body);
        return body;
    }

    /** A field that may stand here and whose value does not matter. */
    public void ignore(String field) {
        known.add(field);
    }

    /** Notes a complaint about a field; thrown by {@link #done}. */
    public void complain(String field, String code) {
        errors.add(new Problem.FieldError(pointer(field), code));
    }

    /** Ends the reading: refuses fields that nobody read, then throws the complaints, if any. */
    public void done() {
        var unknown = new ArrayList<Problem.FieldError>();
        collectUnknown(unknown);
        if (!unknown.isEmpty()) {
            throw ProblemException.fields(Fault.UNKNOWN_FIELD, unknown);
        }
        var complaints = new ArrayList<Problem.FieldError>();
        collectComplaints(complaints);
        if (!complaints.isEmpty()) {
            throw ProblemException.fields(Fault.INVALID_FIELD, complaints);
        }
    }

    /** The pointer to this object; empty for the body itself. */
    public String pointer() {
        return place;
    }

    /** The pointer to a field of this object, for a complaint. */
    public String pointer(String field) {
        return place + "/" + field.replace("~", "~0").replace("/", "~1");
    }

    private void collectUnknown(List<Problem.FieldError> unknown) {
        object.fieldNames().forEachRemaining(name -> {
            if (!known.contains(name)) {
                unknown.add(new Problem.FieldError(pointer(name), "unknown_field"));
            }
        });
        inner.forEach(each -> each.collectUnknown(unknown));
    }

    private void collectComplaints(List<Problem.FieldError> complaints) {
        complaints.addAll(errors);
        inner.forEach(each -> each.collectComplaints(complaints));
    }

    private @Nullable JsonNode read(String field) {
        known.add(field);
        JsonNode node = object.get(field);
        return node == null || node.isNull() ? null : node;
    }
}
