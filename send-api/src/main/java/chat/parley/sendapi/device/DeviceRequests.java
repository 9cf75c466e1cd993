package chat.parley.sendapi.device;

import chat.parley.problem.Fault;
import chat.parley.problem.Problem;
import chat.parley.problem.ProblemException;
import chat.parley.push.DeviceState;
import chat.parley.push.PushTarget;
import chat.parley.push.PushTarget.ApnsEnvironment;
import chat.parley.push.SubscriptionRules;
import chat.parley.push.Vendor;
import chat.parley.sendapi.http.Body;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.IllformedLocaleException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads what requests say of a device. A vendor's own fields are refused as unknown beside another vendor. */
final class DeviceRequests {
    static final Map<String, DeviceState> STATES =
            Arrays.stream(DeviceState.values()).collect(Collectors.toMap(DeviceState::text, Function.identity()));

    private static final Map<String, Vendor> VENDORS =
            Arrays.stream(Vendor.values()).collect(Collectors.toMap(Vendor::text, Function.identity()));

    private static final Map<String, ApnsEnvironment> ENVIRONMENTS = Arrays.stream(ApnsEnvironment.values())
            .collect(Collectors.toMap(ApnsEnvironment::text, Function.identity()));

    /** FCM's own tokens have some 160 characters; it names no bound. */
    private static final int FCM_TOKEN_MAX = 4_096;

    /** Printable and without blanks: FCM does not say what a token looks like. */
    private static final Pattern FCM_TOKEN = Pattern.compile("[!-~]{1," + FCM_TOKEN_MAX + "}");

    /** 32 bytes today; Apple says that it may be more, and names 100 elsewhere. */
    private static final Pattern APNS_TOKEN = Pattern.compile("(?:[0-9a-fA-F]{2}){32,100}");

    private static final int APNS_TOKEN_MAX = 200;

    /** Apple: letters, digits, hyphens and periods. */
    private static final Pattern BUNDLE_ID = Pattern.compile("[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)*");

    private static final int BUNDLE_ID_MAX = 155;

    /** What {@link SubscriptionRules} take at most, and then some: it is they who complain. */
    private static final int ENDPOINT_MAX = 4_096;

    private static final int KEY_MAX = 200;

    /** A language, a script, a region and some variants: RFC 5646 asks for 35 at least. */
    private static final int LOCALE_MAX = 35;

    private static final List<String> VENDOR_FIELDS =
            List.of("token", "environment", "topic", "subscription", "locale", "state");

    private DeviceRequests() {}

    /** What a registration says. */
    record Registration(PushTarget target, Locale locale, DeviceState state) {}

    /** Null where none is named. */
    static @Nullable Vendor vendor(Body body) {
        var vendor = body.choiceOrNull("vendor", VENDORS);
        if (vendor == null) {
            if (!body.has("vendor")) {
                body.complain("vendor", "required");
            }
            VENDOR_FIELDS.forEach(body::ignore); // nobody can say which of them belong here
        }
        return vendor;
    }

    /** Reads the whole body of a registration. */
    static Registration registration(Body body, @Nullable Vendor vendor, SubscriptionRules rules) {
        var target = vendor == null
                ? null
                : switch (vendor) {
                    case FCM -> fcm(body);
                    case APNS -> apns(body);
                    case WEB_PUSH -> webPush(body);
                };
        var locale = locale(body);
        var state = body.choiceOrNull("state", STATES);
        body.done();
        if (target instanceof PushTarget.WebPush web) {
            var complaint = rules.complaint(web);
            if (complaint != null) {
                var error = new Problem.FieldError(body.pointer("subscription"), "not_a_subscription");
                throw new ProblemException(new Problem(Fault.INVALID_FIELD, complaint + ".", List.of(error)));
            }
        }
        return new Registration(
                Objects.requireNonNull(target), locale, Objects.requireNonNullElse(state, DeviceState.FOREGROUND));
    }

    private static PushTarget fcm(Body body) {
        String token = body.text("token", 1, FCM_TOKEN_MAX);
        if (!token.isEmpty() && !FCM_TOKEN.matcher(token).matches()) {
            body.complain("token", "not_a_token");
        }
        return new PushTarget.Fcm(token);
    }

    private static PushTarget apns(Body body) {
        String token = body.text("token", 1, APNS_TOKEN_MAX);
        if (!token.isEmpty() && !APNS_TOKEN.matcher(token).matches()) {
            body.complain("token", "not_a_token");
        }
        String topic = body.text("topic", 1, BUNDLE_ID_MAX);
        if (!topic.isEmpty() && !BUNDLE_ID.matcher(topic).matches()) {
            body.complain("topic", "not_a_bundle_id");
        }
        var environment = body.choiceOrNull("environment", ENVIRONMENTS);
        // In one case: the same token in another would be another device.
        return new PushTarget.Apns(
                token.toLowerCase(Locale.ROOT),
                Objects.requireNonNullElse(environment, ApnsEnvironment.PRODUCTION),
                topic);
    }

    /** What {@code PushSubscription.toJSON()} gives, as it is. Null after a complaint. */
    private static @Nullable PushTarget webPush(Body body) {
        var subscription = body.nested("subscription");
        if (subscription == null) {
            return null;
        }
        subscription.ignore("expirationTime"); // the push service tells by a 404 or 410
        String endpoint = subscription.text("endpoint", 1, ENDPOINT_MAX);
        var keys = subscription.nested("keys");
        if (keys == null) {
            return null;
        }
        String p256dh = keys.text("p256dh", 1, KEY_MAX);
        String auth = keys.text("auth", 1, KEY_MAX);
        try {
            return new PushTarget.WebPush(new URI(endpoint), p256dh, auth);
        } catch (URISyntaxException e) {
            subscription.complain("endpoint", "not_an_address");
            return null;
        }
    }

    private static Locale locale(Body body) {
        String tag = body.textOrNull("locale", 1, LOCALE_MAX);
        if (tag == null) {
            return Locale.ENGLISH;
        }
        var locale = wellFormed(tag);
        if (locale.getLanguage().isEmpty()) {
            body.complain("locale", "not_a_locale");
        }
        return locale;
    }

    /** The root where it is not. */
    private static Locale wellFormed(String tag) {
        try {
            return new Locale.Builder().setLanguageTag(tag).build();
        } catch (IllformedLocaleException e) {
            return Locale.ROOT;
        }
    }
}
