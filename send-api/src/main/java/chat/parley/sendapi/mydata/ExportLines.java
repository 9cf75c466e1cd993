package chat.parley.sendapi.mydata;

import chat.parley.json.JsonText;
import java.io.IOException;
import java.io.OutputStream;

/** The lines of an export: each an object of what it is and its data. For one export, one thread. */
public final class ExportLines {
    private final OutputStream out;
    private long written;

    ExportLines(OutputStream out) {
        this.out = out;
    }

    /**
     * One line; blocks while the client does not read.
     *
     * @param data writes one JSON value
     */
    public void line(String kind, JsonText.Writer data) throws IOException {
        out.write(JsonText.bytes(json -> {
            json.writeStartObject();
            json.writeStringField("kind", kind);
            json.writeFieldName("data");
            data.writeTo(json);
            json.writeEndObject();
        }));
        out.write('\n');
        written++;
    }

    long written() {
        return written;
    }
}
