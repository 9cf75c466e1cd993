package chat.parley.account;

import chat.parley.json.JsonText;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** A person's JSON, the same wherever one stands. */
public final class UserJson {
    private UserJson() {}

    /** Writes the object. */
    public static void write(User user, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("id", user.id().toString());
        json.writeStringField("username", user.username().text());
        json.writeStringField("display_name", user.displayName().text());
        if (user.avatar() != null) {
            json.writeStringField("avatar_media_id", user.avatar().toString());
        }
        json.writeStringField("created_at", JsonText.time(user.createdAt()));
        json.writeEndObject();
    }
}
