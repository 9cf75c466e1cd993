package chat.parley.notifier;

/** Why vendors did not take a push: tags of metrics, so few and fixed. */
final class Reasons {
    /** It does not accept our credentials: an operator must do something. */
    static final String CREDENTIALS = "credentials";

    /** Nobody like this vendor answers there: an operator must do something. */
    static final String ADDRESS = "address";

    /** Overloaded or broken. */
    static final String FAILING = "failing";

    /** We send too much. */
    static final String QUOTA = "quota";

    /** We send too much to this one device; the others are not concerned. */
    static final String DEVICE_QUOTA = "device_quota";

    /** Firebase cannot reach the service behind it; only that service's devices are concerned. */
    static final String THIRD_PARTY = "third_party";

    /** The pushes that are under way take so long that others do not get their turn. */
    static final String BUSY = "busy";

    /** There is no token to prove ourselves with: Google gave none, or PostgreSQL not the key that makes them. */
    static final String NO_TOKEN = "no_token";

    /** It does not fit, even without a body. */
    static final String TOO_LARGE = "too_large";

    /** The vendor calls it malformed. */
    static final String INVALID = "invalid";

    /** The device's app is not one that our credentials may send to, or they are another project's. */
    static final String TOPIC = "topic";

    /** An answer nobody told us of. */
    static final String UNEXPECTED = "unexpected";

    private Reasons() {}
}
