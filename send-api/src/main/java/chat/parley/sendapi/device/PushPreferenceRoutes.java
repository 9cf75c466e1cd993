package chat.parley.sendapi.device;

import chat.parley.push.PushChoices;
import chat.parley.push.PushPreferences;
import chat.parley.push.PushPreferences.QuietHours;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Body;
import chat.parley.sendapi.http.Edge;
import com.fasterxml.jackson.core.JsonGenerator;
import io.javalin.http.Context;
import java.io.IOException;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code /v1/users/me/notifications}: how the caller wants to be woken, over all conversations. */
public final class PushPreferenceRoutes {
    private static final Pattern TIME = Pattern.compile("(?:[01][0-9]|2[0-3]):[0-5][0-9]");

    private static final int TIME_CHARS = 5;

    /** The longest has some 32 characters. */
    private static final int ZONE_MAX = 64;

    /** Names of regions only: an offset would be wrong half the year. */
    private static final Set<String> ZONES = Set.copyOf(ZoneId.getAvailableZoneIds());

    private final PushChoices choices;

    /** Reads and writes these. */
    public PushPreferenceRoutes(PushChoices choices) {
        this.choices = choices;
    }

    /** {@code GET}. */
    public void get(Context http) {
        answer(http, choices.of(Edge.caller(http).user()));
    }

    /** {@code PUT}: the whole choice; what is left out is as in the beginning. */
    public void choose(Context http) {
        var body = Body.of(http);
        var preview = body.flagOrNull("preview");
        var quiet = body.nestedOrNull("quiet_hours");
        var hours = quiet == null ? null : quietHours(quiet);
        body.done();
        var chosen = new PushPreferences(Objects.requireNonNullElse(preview, PushPreferences.DEFAULT.preview()), hours);
        choices.set(Edge.caller(http).user(), chosen);
        answer(http, chosen);
    }

    /** Writes the object. */
    public static void write(PushPreferences preferences, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeBooleanField("preview", preferences.preview());
        var quiet = preferences.quietHours();
        if (quiet != null) {
            json.writeObjectFieldStart("quiet_hours");
            json.writeStringField("from", quiet.from().toString());
            json.writeStringField("to", quiet.to().toString());
            json.writeStringField("time_zone", quiet.zone().getId());
            json.writeEndObject();
        }
        json.writeEndObject();
    }

    private static void answer(Context http, PushPreferences preferences) {
        Answer.json(http, 200, json -> write(preferences, json));
    }

    /** Null after a complaint. */
    private static @Nullable QuietHours quietHours(Body body) {
        var from = time(body, "from");
        var to = time(body, "to");
        String zone = body.text("time_zone", 1, ZONE_MAX);
        boolean isZone = ZONES.contains(zone);
        if (!zone.isEmpty() && !isZone) {
            body.complain("time_zone", "not_a_time_zone");
        }
        if (from != null && from.equals(to)) {
            body.complain("to", "same_as_from");
        }
        return from == null || to == null || !isZone ? null : new QuietHours(from, to, ZoneId.of(zone));
    }

    private static @Nullable LocalTime time(Body body, String field) {
        String text = body.text(field, TIME_CHARS, TIME_CHARS);
        if (TIME.matcher(text).matches()) {
            return LocalTime.parse(text);
        }
        if (!text.isEmpty()) {
            body.complain(field, "not_a_time_of_day");
        }
        return null;
    }
}
