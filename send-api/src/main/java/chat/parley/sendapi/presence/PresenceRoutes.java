package chat.parley.sendapi.presence;

import chat.parley.id.UserId;
import chat.parley.presence.Chosen;
import chat.parley.presence.Presence;
import chat.parley.presence.PresenceAudience;
import chat.parley.presence.PresenceJson;
import chat.parley.presence.PresenceLeases;
import chat.parley.presence.PresenceLeases.Choice;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Body;
import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.http.RateLimit;
import com.github.benmanes.caffeine.cache.Ticker;
import io.javalin.http.Context;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Collectors;

/** {@code /v1/presence}. What it means to be there is said in {@link PresenceLeases}, who may see it in {@link PresenceAudience}. */
public final class PresenceRoutes {
    /** Ids of one question: more than a screen shows. */
    static final int USERS_MAX = 100;

    /** The text beside the dot: a line in a list. */
    static final int TEXT_CODE_POINTS_MAX = 80;

    /** A person who scrolls asks once a screen. */
    static final int READS_PER_MINUTE = 300;

    /** Each is told to everybody one talks to. */
    static final int CHANGES_PER_MINUTE = 20;

    private static final int STATUS_CHARS_MAX = 20;

    private final boolean isOn;
    private final PresenceLeases leases;
    private final PresenceAudience audience;
    private final RateLimit reads;
    private final RateLimit changes;

    /** @param isOn false: as if these did not exist */
    public PresenceRoutes(boolean isOn, PresenceLeases leases, PresenceAudience audience, Ticker ticker) {
        this.isOn = isOn;
        this.leases = leases;
        this.audience = audience;
        this.reads = new RateLimit("presence", READS_PER_MINUTE, ticker);
        this.changes = new RateLimit("presence_change", CHANGES_PER_MINUTE, ticker);
    }

    /** {@code GET /v1/presence?user_ids=}: how these appear, in the order asked for. Who is not known, or not for the caller, is offline. */
    public void list(Context http) {
        requireOn();
        var viewer = Edge.caller(http).user();
        var users = users(http);
        reads.count(http, viewer);
        var visible = audience.visibleTo(viewer, users);
        var found = leases.read(users.stream().filter(visible::contains).toList());
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("items");
            for (var user : users) {
                PresenceJson.write(found.getOrDefault(user, Presence.unknown(user)), json);
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    /** {@code GET /v1/presence/me}: what was chosen, which nobody else can tell from being away. */
    public void mine(Context http) {
        requireOn();
        answer(http, leases.choice(Edge.caller(http).user()));
    }

    /** {@code PUT /v1/presence/me}: as a whole; a text that is not sent is taken away. */
    public void choose(Context http) {
        requireOn();
        var user = Edge.caller(http).user();
        var body = Body.of(http);
        var chosen = Chosen.parse(body.text("status", 1, STATUS_CHARS_MAX));
        if (chosen.isEmpty() && body.has("status")) {
            body.complain("status", "not_a_status");
        }
        String text = body.textOrNull("text", 0, TEXT_CODE_POINTS_MAX);
        if (text != null && text.codePoints().anyMatch(Character::isISOControl)) {
            body.complain("text", "control_character");
        }
        body.done();
        changes.count(http, user);
        var choice = new Choice(chosen.orElseThrow(), text == null || text.isBlank() ? null : text);
        leases.choose(user, choice);
        answer(http, choice);
    }

    private static void answer(Context http, Choice choice) {
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeStringField("status", choice.chosen().text());
            if (choice.text() != null) {
                json.writeStringField("text", choice.text());
            }
            json.writeEndObject();
        });
    }

    private static Set<UserId> users(Context http) {
        String given = http.queryParam("user_ids");
        if (given == null || given.isEmpty()) {
            throw ProblemException.field("user_ids", "required");
        }
        String[] ids = given.split(",", -1);
        if (ids.length > USERS_MAX) {
            throw ProblemException.field("user_ids", "too_long");
        }
        try {
            return Arrays.stream(ids).map(UserId::parse).collect(Collectors.toCollection(LinkedHashSet::new));
        } catch (IllegalArgumentException e) {
            throw ProblemException.field("user_ids", "not_an_id");
        }
    }

    private void requireOn() {
        if (!isOn) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
    }
}
