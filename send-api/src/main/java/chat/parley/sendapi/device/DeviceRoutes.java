package chat.parley.sendapi.device;

import chat.parley.id.DeviceId;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import chat.parley.push.PutOutcome;
import chat.parley.push.SubscriptionRules;
import chat.parley.push.VapidKeys;
import chat.parley.push.Vendor;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Body;
import chat.parley.sendapi.http.Edge;
import chat.parley.sendapi.http.RateLimit;
import com.github.benmanes.caffeine.cache.Ticker;
import io.javalin.http.Context;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** {@code /v1/devices} and {@code /v1/web-push-key}: HTTP in, HTTP out. The rules are in {@link MyDevices}. */
public final class DeviceRoutes {
    /** An app registers when it starts and when its token changes. */
    static final int CHANGES_PER_MINUTE = 30;

    /** Someone who leafs through windows comes and goes every second or so. */
    static final int STATES_PER_MINUTE = 120;

    /** Somebody tries whether it works. */
    static final int TESTS_PER_MINUTE = 5;

    /** Browsers may keep it so long: it never changes by itself. */
    private static final String KEPT = "public, max-age=3600";

    private final MyDevices devices;
    private final SubscriptionRules rules;
    private final VapidKeys keys;
    private final RateLimit changes;
    private final RateLimit states;
    private final RateLimit tests;
    private final MeterRegistry meters;

    /** @param keys whose public half browsers subscribe to */
    public DeviceRoutes(
            MyDevices devices, SubscriptionRules rules, VapidKeys keys, MeterRegistry meters, Ticker ticker) {
        this.devices = devices;
        this.rules = rules;
        this.keys = keys;
        this.meters = meters;
        this.changes = new RateLimit("device", CHANGES_PER_MINUTE, ticker);
        this.states = new RateLimit("device_state", STATES_PER_MINUTE, ticker);
        this.tests = new RateLimit("device_test", TESTS_PER_MINUTE, ticker);
    }

    /** {@code PUT /v1/devices/{device}}: registers it under an id of the client's own, or once more. */
    public void put(Context http) {
        var caller = Edge.caller(http);
        changes.count(http, caller.user());
        DeviceId id;
        try {
            id = new DeviceId(http.pathParam("device"));
        } catch (IllegalArgumentException e) {
            throw ProblemException.field("device", "not_a_device_id");
        }
        var registration = registration(http);
        var outcome = devices.put(caller, id, registration.target(), registration.locale(), registration.state());
        boolean isNew = outcome instanceof PutOutcome.Created;
        count(registration.target().vendor(), isNew ? "created" : "renewed");
        Answer.json(http, isNew ? 201 : 200, json -> DeviceJson.write(outcome.device(), json));
    }

    /** {@code GET /v1/devices}: mine, the one registered last first. */
    public void list(Context http) {
        var found = devices.of(Edge.caller(http).user());
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("items");
            for (var device : found) {
                DeviceJson.write(device, json);
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    /** {@code DELETE /v1/devices/{device}}. */
    public void remove(Context http) {
        var user = Edge.caller(http).user();
        changes.count(http, user);
        if (!devices.remove(user, device(http))) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
        http.status(204);
    }

    /** {@code POST /v1/devices/{device}/state}: whether somebody looks at it. What a page can send while it goes. */
    public void state(Context http) {
        var user = Edge.caller(http).user();
        states.count(http, user);
        var body = Body.ofBeacon(http);
        var state = body.choiceOrNull("state", DeviceRequests.STATES);
        if (!body.has("state")) {
            body.complain("state", "required");
        }
        body.done();
        if (!devices.setState(user, device(http), Objects.requireNonNull(state))) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
        http.status(204);
    }

    /** {@code POST /v1/devices/{device}/test}: a push that shows whether pushes come; 202 when it is queued. */
    public void test(Context http) {
        var user = Edge.caller(http).user();
        tests.count(http, user);
        if (!devices.test(user, device(http))) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
        http.status(202);
    }

    /** {@code GET /v1/web-push-key}: what a page passes to {@code pushManager.subscribe} as {@code applicationServerKey}. */
    public void key(Context http) {
        String key = keys.publicKey();
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeStringField("public_key", key);
            json.writeEndObject();
        });
        http.header("Cache-Control", KEPT);
    }

    private DeviceRequests.Registration registration(Context http) {
        Vendor vendor = null;
        try {
            var body = Body.of(http);
            vendor = DeviceRequests.vendor(body);
            return DeviceRequests.registration(body, vendor, rules);
        } catch (ProblemException e) {
            count(vendor, "refused");
            throw e;
        }
    }

    private void count(@Nullable Vendor vendor, String outcome) {
        meters.counter(
                        "parley.devices.registrations",
                        "vendor",
                        vendor == null ? "none" : vendor.text(),
                        "outcome",
                        outcome)
                .increment();
    }

    /** The device a URL names; what is no id names nothing. */
    private static DeviceId device(Context http) {
        try {
            return new DeviceId(http.pathParam("device"));
        } catch (IllegalArgumentException e) {
            throw new ProblemException(Fault.NOT_FOUND);
        }
    }
}
