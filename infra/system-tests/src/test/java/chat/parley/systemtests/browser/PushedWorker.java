package chat.parley.systemtests.browser;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.microsoft.playwright.CDPSession;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * The service worker of one window, by the DevTools protocol: what is delivered arrives as if the browser's own push service, which no test can
 * reach, had brought it.
 */
final class PushedWorker {
    /** Done when the worker is done with the next push; it works on one after another. */
    private static final String NEXT = """
            self.next = new Promise((done) => self.addEventListener('push', () => lastTurn.then(done), {once: true})), 0
            """;

    /** Chromium may lose a notification that is looked up in the very moment in which it is shown. */
    private static final int LOOK_EVERY_MS = 250;

    private static final String SHOWN = """
            async () => {
              const registration = await navigator.serviceWorker.getRegistration();
              const all = (await registration?.getNotifications()) ?? [];
              return all.map((one) => ({title: one.title, body: one.body, tag: one.tag, url: one.data.url}));
            }
            """;

    private final ChatWindow window;
    private final CDPSession session;
    private final Map<String, String> registrations = new HashMap<>();
    private final Map<Integer, JsonObject> answers = new HashMap<>();
    private int questions;

    /** Follows the worker that {@code window} has or will have, with the permission to show what it wants. */
    PushedWorker(ChatWindow window) {
        this.window = window;
        var context = window.page().context();
        context.grantPermissions(List.of("notifications"));
        session = context.newCDPSession(window.page());
        session.on("ServiceWorker.workerRegistrationUpdated", this::registered);
        session.on("Target.receivedMessageFromTarget", this::answered);
        session.send("ServiceWorker.enable");
    }

    /** What is on the screen, the oldest first. */
    record Shown(String title, String body, String tag, String url) {}

    /** Registers the worker as the page does, for pages that have not turned notifications on. */
    PushedWorker register() {
        window.page().evaluate("""
                async () => {
                  await navigator.serviceWorker.register('/sw.js?device=d');
                  await navigator.serviceWorker.ready;
                }
                """);
        return this;
    }

    /** Returns when the worker is done with it. */
    void deliver(String payload) {
        window.page().waitForCondition(() -> !registrations.isEmpty());
        evaluate(NEXT);
        var push = new JsonObject();
        push.addProperty("origin", origin());
        push.addProperty("registrationId", registrations.values().iterator().next());
        push.addProperty("data", payload);
        session.send("ServiceWorker.deliverPushMessage", push);
        evaluate("self.next");
    }

    List<Shown> shown() {
        return ((List<?>) window.page().evaluate(SHOWN))
                .stream().map(one -> (Map<?, ?>) one).map(PushedWorker::shownOf).toList();
    }

    private static Shown shownOf(Map<?, ?> one) {
        return new Shown(
                String.valueOf(one.get("title")),
                String.valueOf(one.get("body")),
                String.valueOf(one.get("tag")),
                String.valueOf(one.get("url")));
    }

    /** Waits until exactly these are shown, in any order. */
    void awaitShown(Shown... wanted) {
        await(List.of(wanted), this::shown);
    }

    /** Waits until exactly these conversations are shown, in any order. */
    void awaitTags(String... tags) {
        await(List.of(tags), () -> shown().stream().map(Shown::tag).toList());
    }

    private <T> void await(List<T> wanted, Supplier<List<T>> look) {
        var shown = List.<T>of();
        for (int waited = 0; waited < ChatWindow.AWAIT_MS; waited += LOOK_EVERY_MS) {
            window.page().waitForTimeout(LOOK_EVERY_MS);
            shown = look.get();
            if (shown.size() == wanted.size() && shown.containsAll(wanted)) return;
        }
        throw new AssertionError("shown are " + shown + ", not " + wanted);
    }

    /** Presses on what is shown under this tag, as the browser would tell it: the protocol has no such press. */
    void press(String tag) {
        evaluate("""
                (async () => {
                  const [notification] = await self.registration.getNotifications({tag: '%s'});
                  const press = new NotificationEvent('notificationclick', {notification});
                  let work;
                  press.waitUntil = (promise) => (work = promise);
                  self.dispatchEvent(press);
                  await work;
                })()
                """.formatted(tag));
    }

    /** What {@code expression} is in the worker, as text; a promise is awaited. */
    String evaluate(String expression) {
        var parameters = new JsonObject();
        parameters.addProperty("expression", expression);
        parameters.addProperty("awaitPromise", true);
        parameters.addProperty("returnByValue", true);
        var question = new JsonObject();
        int number = ++questions;
        question.addProperty("id", number);
        question.addProperty("method", "Runtime.evaluate");
        question.add("params", parameters);
        var envelope = new JsonObject();
        envelope.addProperty("sessionId", attach());
        envelope.addProperty("message", question.toString());
        session.send("Target.sendMessageToTarget", envelope);
        window.page().waitForCondition(() -> answers.containsKey(number));
        var whole = Objects.requireNonNull(answers.get(number));
        var answer = whole.getAsJsonObject("result");
        if (answer == null || answer.has("exceptionDetails")) throw new AssertionError(whole);
        var value = answer.getAsJsonObject("result").get("value");
        return value != null && value.isJsonPrimitive() ? value.getAsString() : "";
    }

    private String attach() {
        for (var one : session.send("Target.getTargets").getAsJsonArray("targetInfos")) {
            var target = one.getAsJsonObject();
            if (!"service_worker".equals(target.get("type").getAsString())) continue;
            if (!target.get("browserContextId").getAsString().equals(ownContext())) continue;
            var wanted = new JsonObject();
            wanted.add("targetId", target.get("targetId"));
            wanted.addProperty("flatten", false);
            return session.send("Target.attachToTarget", wanted)
                    .get("sessionId")
                    .getAsString();
        }
        throw new AssertionError("no service worker runs");
    }

    private String ownContext() {
        return session.send("Target.getTargetInfo")
                .getAsJsonObject("targetInfo")
                .get("browserContextId")
                .getAsString();
    }

    private String origin() {
        return (String) window.page().evaluate("location.origin");
    }

    private void registered(JsonObject event) {
        for (var one : event.getAsJsonArray("registrations")) {
            var registration = one.getAsJsonObject();
            var scope = registration.get("scopeURL").getAsString();
            if (registration.get("isDeleted").getAsBoolean()) registrations.remove(scope);
            else registrations.put(scope, registration.get("registrationId").getAsString());
        }
    }

    private void answered(JsonObject event) {
        var message = JsonParser.parseString(event.get("message").getAsString()).getAsJsonObject();
        if (message.has("id")) answers.put(message.get("id").getAsInt(), message);
    }
}
