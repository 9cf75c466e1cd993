package chat.parley.stream;

import chat.parley.conversation.Head;
import chat.parley.json.JsonText;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;

/** The events that a stream says of itself, as envelopes of the contract. */
final class StreamEvents {
    static final String READY = "stream.ready";
    static final String CAUGHT_UP = "stream.caught_up";
    static final String RESET = "stream.reset";
    static final String REAUTH = "stream.reauth";
    static final String BUSY = "stream.busy";
    static final String DRAIN = "stream.drain";
    static final String HEARTBEAT = "stream.heartbeat";

    private final InstantSource clock;

    StreamEvents(InstantSource clock) {
        this.clock = clock;
    }

    /** How a stream began: what the client can rely on. */
    enum Resumed {
        NEW,
        EXACT,
        REBUILT,
        RESET;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    byte[] ready(Resumed resumed, int heartbeatSeconds) {
        return envelope(READY, json -> {
            json.writeStringField("resumed", resumed.text());
            json.writeNumberField("heartbeat_seconds", heartbeatSeconds);
        });
    }

    byte[] caughtUp(long events) {
        return envelope(CAUGHT_UP, json -> json.writeNumberField("events", events));
    }

    byte[] reset(List<Head> heads) {
        return envelope(RESET, json -> {
            json.writeArrayFieldStart("heads");
            for (var head : heads) {
                json.writeStartObject();
                json.writeStringField("conversation_id", head.conversation().toString());
                json.writeNumberField("last_seq", head.lastSeq());
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    /** An event whose type says it all. */
    byte[] plain(String type) {
        return envelope(type, unused -> {});
    }

    private byte[] envelope(String type, JsonText.Writer data) {
        Instant now = clock.instant();
        return JsonText.bytes(json -> {
            json.writeStartObject();
            json.writeStringField("type", type);
            json.writeStringField("time", JsonText.time(now));
            json.writeObjectFieldStart("data");
            data.writeTo(json);
            json.writeEndObject();
            json.writeEndObject();
        });
    }
}
