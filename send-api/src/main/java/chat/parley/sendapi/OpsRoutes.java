package chat.parley.sendapi;

import chat.parley.ops.Health;
import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import chat.parley.sendapi.http.Answer;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/** What operators and tools ask: alive, ready, the list of errors. */
final class OpsRoutes {
    private static final byte[] OPEN_API = openApi();

    private final Health health;
    private final BooleanSupplier leaving;

    /** @param leaving true from the moment the process was told to stop */
    OpsRoutes(Health health, BooleanSupplier leaving) {
        this.health = health;
        this.leaving = leaving;
    }

    /** The process runs; says nothing of its stores, since a restart would not mend them. */
    void live(Context http) {
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeStringField("status", Health.UP);
            json.writeEndObject();
        });
    }

    /** Whether a balancer should send requests here, and which part is down. */
    void ready(Context http) {
        var report = health.report();
        boolean ready = !leaving.getAsBoolean() && report.values().stream().allMatch(Health.UP::equals);
        Answer.json(http, ready ? 200 : 503, json -> {
            json.writeStartObject();
            json.writeStringField("status", ready ? Health.UP : leaving.getAsBoolean() ? "leaving" : "down");
            json.writeObjectFieldStart("parts");
            for (var part : report.entrySet()) {
                json.writeStringField(part.getKey(), part.getValue());
            }
            json.writeEndObject();
            json.writeEndObject();
        });
    }

    /** Every error code there is. */
    void errors(Context http) {
        Answer.json(http, 200, json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("items");
            for (Fault fault : Fault.values()) {
                json.writeStartObject();
                json.writeStringField("code", fault.code());
                json.writeStringField("type", Problem.type(fault));
                json.writeNumberField("status", fault.status());
                json.writeStringField("title", fault.title());
                json.writeBooleanField("retryable", fault.retryable());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    /** The description of all routes, for tools. */
    void openApi(Context http) {
        http.contentType("application/json");
        http.header("Cache-Control", "public, max-age=300");
        http.result(OPEN_API);
    }

    private static byte[] openApi() {
        try (var in = OpsRoutes.class.getResourceAsStream("/openapi.json")) {
            return Objects.requireNonNull(in, "openapi.json is not in this jar").readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read openapi.json", e);
        }
    }
}
