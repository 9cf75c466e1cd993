package chat.parley.systemtests.browser;

import chat.parley.push.PushTarget;
import com.microsoft.playwright.Browser;

/** Windows whose browser has a push service, which the one of the tests has not: its subscriptions are given out here. */
final class PushWindow {
    /** What the browser keeps of a subscription is kept beside it in the page's storage, so that it survives a reload. */
    private static final String PUSH_SERVICE = """
            (() => {
              const text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
                .replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
              const bytes = (key) => Uint8Array.from(atob(key.replaceAll('-', '+').replaceAll('_', '/')),
                (one) => one.charCodeAt(0));
              const given = (key, json) => ({
                endpoint: json.endpoint,
                options: {applicationServerKey: bytes(key).buffer},
                toJSON: () => json,
                unsubscribe: async () => localStorage.removeItem('test.subscription'),
              });
              const fresh = async () => {
                const pair = await crypto.subtle.generateKey({name: 'ECDH', namedCurve: 'P-256'}, true, ['deriveBits']);
                const p256dh = text(await crypto.subtle.exportKey('raw', pair.publicKey));
                const auth = text(crypto.getRandomValues(new Uint8Array(16)));
                return {endpoint: `https://push.example/${auth}`, expirationTime: null, keys: {p256dh, auth}};
              };
              PushManager.prototype.getSubscription = async () => {
                const key = localStorage.getItem('test.subscription');
                return key ? given(key, JSON.parse(localStorage.getItem('test.made'))) : null;
              };
              PushManager.prototype.subscribe = async ({applicationServerKey}) => {
                const json = %s;
                localStorage.setItem('test.subscription', text(applicationServerKey));
                localStorage.setItem('test.made', JSON.stringify(json));
                return given(text(applicationServerKey), json);
              };
            })();
            """;

    private PushWindow() {}

    static ChatWindow open() {
        return open(new Browser.NewContextOptions().setViewportSize(1180, 760));
    }

    /** Its subscriptions lead nowhere. */
    static ChatWindow open(Browser.NewContextOptions options) {
        return SharedBrowser.window(options, PUSH_SERVICE.formatted("await fresh()"));
    }

    /** A phone, which rests as soon as it is put away; {@code subscription} is the one that it gets. */
    static ChatWindow phone(PushTarget.WebPush subscription) {
        var phone = new Browser.NewContextOptions()
                .setViewportSize(390, 760)
                .setHasTouch(true)
                .setIsMobile(true);
        return SharedBrowser.window(phone, PUSH_SERVICE.formatted("""
                {endpoint: '%s', expirationTime: null, keys: {p256dh: '%s', auth: '%s'}}
                """.formatted(
                        subscription.endpoint(), subscription.p256dh(), subscription.auth())));
    }
}
