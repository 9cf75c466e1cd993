package chat.parley.notifier;

import chat.parley.json.Json;
import chat.parley.notifier.Push.Alert;
import chat.parley.notifier.Push.Clear;
import chat.parley.notifier.PushResult.Accepted;
import chat.parley.notifier.PushResult.Gone;
import chat.parley.notifier.PushResult.Postponed;
import chat.parley.notifier.PushResult.Refused;
import chat.parley.notifier.PushResult.Unavailable;
import chat.parley.notifier.PushServiceClient.Answer;
import chat.parley.notifier.PushServiceClient.PrivateAddressException;
import chat.parley.ops.StoreUnavailable;
import chat.parley.push.PushTarget;
import chat.parley.push.VapidKeys;
import chat.parley.push.Vendor;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.zerodeplibs.webpush.MessageEncryptions;
import com.zerodeplibs.webpush.PushMessage;
import com.zerodeplibs.webpush.UserAgentMessageEncryptionKeyInfo;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Semaphore;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands pushes to the push services of browsers (RFC 8030), encrypted for the browser (RFC 8291) and signed by our key (RFC 8292). A push service is whatever address a client
 * named when it registered, so it is called with care: see {@link PushServiceClient}.
 */
final class WebPushSender implements PushSender {
    private static final Logger LOG = LoggerFactory.getLogger(WebPushSender.class);

    /**
     * Longest encrypted body. RFC 8030, 7.2 promises 4,096, and Chrome and Safari keep to it; but Mozilla hands a push for Firefox on Android in base64 to FCM, which takes 4,096
     * bytes of names and values: some 3,020 remain. People read no more than the first lines anyway.
     */
    static final int BODY_BYTES_MAX = 3_000;

    /** What encryption adds (RFC 8188, 2): salt 16, record size 4, key 1 and 65, the padding's delimiter 1, the tag 16. */
    private static final int ENCRYPTION_BYTES = 103;

    /** Longest time that push services keep something: FCM 28 days, Mozilla 30, Apple 30. */
    private static final Duration TTL_MAX = Duration.ofDays(28);

    /** How each push service says that the subscription was made for another key than ours: FCM (403), Mozilla (401), Apple (400). */
    private static final List<String> OTHER_KEY =
            List.of("do not correspond to the credentials", "VAPID public key mismatch", "VapidPkHashMismatch");

    /** Of what a push service says of our token. */
    private static final int WHY_CHARS_MAX = 200;

    /** Until a push service that does not accept our token is named in the log again. */
    private static final Duration WARNED_FOR = Duration.ofHours(1);

    /** There are a dozen push services; more hosts are somebody's play. */
    private static final int WARNED_MAX = 100;

    /** An emoji in 4 bytes, where Jackson would write 12: room for more of the text. */
    private static final ObjectWriter JSON =
            Json.MAPPER.writer().with(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8);

    /**
     * Encryption takes most of a push's CPU. With more at once than there are cores, answers that came would wait behind it, and what waits so is pushed twice when the process
     * is killed.
     */
    private final Semaphore cores = new Semaphore(Runtime.getRuntime().availableProcessors());

    private final PushServiceClient services;
    private final VapidTokens tokens;
    private final InstantSource clock;
    private final Cache<String, Integer> warned = Caffeine.newBuilder()
            .expireAfterWrite(WARNED_FOR)
            .maximumSize(WARNED_MAX)
            .build();

    /** Connects and reads the key when first needed. */
    WebPushSender(WebPushSettings settings, VapidKeys keys, InstantSource clock) {
        this(settings, keys, clock, null);
    }

    /** @param trusted whose certificates are believed; null: those that Java believes */
    WebPushSender(WebPushSettings settings, VapidKeys keys, InstantSource clock, @Nullable SSLContext trusted) {
        if (settings.contact() == null) {
            LOG.warn(
                    "neither PARLEY_WEB_PUSH_CONTACT nor an https PARLEY_PUBLIC_URL is set: Apple will refuse our pushes to Safari");
        }
        this.services = new PushServiceClient(settings.rules().mayBePrivate(), trusted);
        this.tokens = new VapidTokens(keys, settings.contact(), clock);
        this.clock = clock;
    }

    @Override
    public Vendor vendor() {
        return Vendor.WEB_PUSH;
    }

    @Override
    public PushResult send(Push push) throws IOException, InterruptedException {
        var subscription = (PushTarget.WebPush) push.device().target();
        var endpoint = subscription.endpoint();
        if (push instanceof Clear && isSafari(endpoint)) {
            return new Refused("silent"); // Safari takes the permission away from pages whose pushes show nothing
        }
        byte[] body;
        try {
            cores.acquire();
            try {
                body = encrypted(subscription, text(push));
            } finally {
                cores.release();
            }
        } catch (IllegalArgumentException e) {
            return new Refused(Reasons.TOO_LARGE);
        } catch (UnusableKeysException e) {
            return new Refused("bad_keys");
        }
        String authorization;
        try {
            authorization = tokens.authorization(origin(endpoint));
        } catch (StoreUnavailable e) {
            return new Unavailable(null, Reasons.NO_TOKEN);
        }
        try {
            return result(services.post(endpoint, headers(push, authorization), body), endpoint);
        } catch (PrivateAddressException e) {
            return new Refused("private_address");
        }
    }

    @Override
    public void close() {
        services.close();
    }

    /** What the service worker gets. */
    private static byte[] text(Push push) {
        return switch (push) {
            case Alert alert -> Preview.fit(alert, BODY_BYTES_MAX - ENCRYPTION_BYTES, WebPushSender::json);
            case Clear clear -> json(PushData.of(clear));
        };
    }

    private static byte[] json(Alert alert) {
        var fields = new LinkedHashMap<>(PushData.of(alert));
        fields.put("title", alert.title());
        fields.put("body", alert.body());
        return json(fields);
    }

    private static byte[] json(Map<String, Object> fields) {
        try {
            return JSON.writeValueAsBytes(fields);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("texts and numbers are JSON", e);
        }
    }

    private static final class UnusableKeysException extends Exception {
        private static final long serialVersionUID = 1L;

        UnusableKeysException(Throwable cause) {
            super(cause);
        }
    }

    private static byte[] encrypted(PushTarget.WebPush subscription, byte[] text) throws UnusableKeysException {
        UserAgentMessageEncryptionKeyInfo keys;
        try {
            keys = UserAgentMessageEncryptionKeyInfo.of(subscription.p256dh(), subscription.auth());
        } catch (RuntimeException e) { // the library has five kinds, and registration let none of them pass
            throw new UnusableKeysException(e);
        }
        // A new one each time: the library's is not safe for use by many threads.
        return MessageEncryptions.of().encrypt(keys, PushMessage.of(text)).toBytes();
    }

    private Map<String, String> headers(Push push, String authorization) {
        var left = Duration.between(clock.instant(), push.expiresAt());
        long ttl = Math.clamp(left.toSeconds(), 0, TTL_MAX.toSeconds());
        String urgency = switch (push) {
            case Alert alert -> alert.urgent() ? "high" : "normal";
            case Clear unused -> "low";
        };
        return Map.of(
                "Authorization",
                authorization,
                "Content-Encoding",
                "aes128gcm",
                "TTL",
                Long.toString(ttl),
                "Urgency",
                urgency,
                "Topic",
                push.collapseKey());
    }

    /** What an address can be made to answer that a stranger registered must not speak against its service, whose other subscriptions may be well. */
    private PushResult result(Answer answer, URI endpoint) {
        int status = answer.status();
        if (status >= 400 && status <= 403 && OTHER_KEY.stream().anyMatch(answer.body()::contains)) {
            return new Gone(null); // it will never take ours; the page subscribes again when it is next opened
        }
        return switch (status) {
            case 200, 201, 202, 204 -> new Accepted();
            case 404, 410 -> new Gone(null);
            case 413 -> new Refused(Reasons.TOO_LARGE);
            case 401, 403 -> {
                warn(endpoint.getHost(), answer);
                yield new Postponed(null, Reasons.CREDENTIALS);
            }
            // 406: what Microsoft's service answers for 429. Mostly one subscription's limit.
            case 406, 429 -> new Postponed(retryAfter(answer), Reasons.QUOTA);
            case 408 -> new Unavailable(null, Reasons.FAILING);
            default -> {
                if (status >= 500) {
                    yield new Unavailable(retryAfter(answer), Reasons.FAILING);
                }
                yield new Refused(status >= 400 ? Reasons.INVALID : Reasons.UNEXPECTED);
            }
        };
    }

    /** So that an operator learns of a wrong clock or contact, and a stranger's endpoint cannot fill the log. */
    private void warn(String host, Answer answer) {
        if (warned.asMap().putIfAbsent(host, answer.status()) == null) {
            String why = answer.body()
                    .substring(0, Math.min(answer.body().length(), WHY_CHARS_MAX))
                    .replaceAll("\\p{Cntrl}", " "); // a stranger's words: no lines and no colours of theirs in our log
            LOG.warn("push service {} does not accept our token: {} {}", host, answer.status(), why);
        }
    }

    private @Nullable Duration retryAfter(Answer answer) {
        return RetryAfter.of(answer.retryAfter(), clock.instant());
    }

    private static boolean isSafari(URI endpoint) {
        return endpoint.getHost().toLowerCase(Locale.ROOT).endsWith(".push.apple.com");
    }

    /** As RFC 6454, 6.2 writes it. */
    private static String origin(URI endpoint) {
        String scheme = endpoint.getScheme().toLowerCase(Locale.ROOT);
        boolean isDefault = endpoint.getPort() == -1 || endpoint.getPort() == (scheme.equals("https") ? 443 : 80);
        return scheme + "://" + endpoint.getHost().toLowerCase(Locale.ROOT)
                + (isDefault ? "" : ":" + endpoint.getPort());
    }
}
