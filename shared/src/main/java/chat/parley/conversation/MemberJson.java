package chat.parley.conversation;

import chat.parley.json.JsonText;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** A member's JSON, in events and in answers. */
public final class MemberJson {
    private MemberJson() {}

    /** Writes the object, field names included, in the contract's order. */
    public static void write(Member member, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("user_id", member.user().toString());
        json.writeStringField("role", member.role().text());
        json.writeStringField("joined_at", JsonText.time(member.joinedAt()));
        json.writeNumberField("read_seq", member.readSeq());
        json.writeNumberField("delivered_seq", member.deliveredSeq());
        json.writeEndObject();
    }
}
