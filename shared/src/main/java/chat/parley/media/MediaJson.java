package chat.parley.media;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** The JSON of an uploaded file, the same in the answer to its upload and in the messages that carry it. */
public final class MediaJson {
    private MediaJson() {}

    /** Writes the object. */
    public static void write(MediaItem item, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("id", item.id().toString());
        json.writeStringField("type", item.type());
        json.writeNumberField("bytes", item.bytes());
        if (item.width() != null && item.height() != null) {
            json.writeNumberField("width", item.width());
            json.writeNumberField("height", item.height());
        }
        if (item.name() != null) {
            json.writeStringField("name", item.name());
        }
        json.writeEndObject();
    }
}
