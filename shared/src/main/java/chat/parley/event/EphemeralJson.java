package chat.parley.event;

import chat.parley.event.EphemeralEvent.PresenceChanged;
import chat.parley.event.EphemeralEvent.TypingStarted;
import chat.parley.json.JsonText;
import chat.parley.presence.PresenceJson;

/** Turns what no stream keeps into what travels. The key names the thing it tells of: a later one with the same key takes its place. */
final class EphemeralJson {
    private EphemeralJson() {}

    static EncodedEvent encode(EphemeralEvent event) {
        return switch (event) {
            case TypingStarted typing -> typing(typing);
            case PresenceChanged changed -> presence(changed);
        };
    }

    private static EncodedEvent typing(TypingStarted typing) {
        String type = "typing.started";
        byte[] json = JsonText.bytes(out -> {
            out.writeStartObject();
            out.writeStringField("type", type);
            out.writeStringField("time", JsonText.time(typing.at()));
            out.writeStringField("conversation_id", typing.conversation().toString());
            out.writeStringField("actor_id", typing.user().toString());
            out.writeObjectFieldStart("data");
            out.writeStringField("user_id", typing.user().toString());
            out.writeEndObject();
            out.writeEndObject();
        });
        return new EncodedEvent(
                type,
                "t:" + typing.conversation() + ':' + typing.user(),
                typing.at().toEpochMilli(),
                json);
    }

    /** It belongs to no conversation. */
    private static EncodedEvent presence(PresenceChanged changed) {
        String type = "presence.changed";
        var presence = changed.presence();
        byte[] json = JsonText.bytes(out -> {
            out.writeStartObject();
            out.writeStringField("type", type);
            out.writeStringField("time", JsonText.time(changed.at()));
            out.writeStringField("actor_id", presence.user().toString());
            out.writeFieldName("data");
            PresenceJson.writeChange(presence, out);
            out.writeEndObject();
        });
        return new EncodedEvent(type, "p:" + presence.user(), changed.at().toEpochMilli(), json);
    }
}
