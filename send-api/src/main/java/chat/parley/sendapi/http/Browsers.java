package chat.parley.sendapi.http;

import chat.parley.account.Caller;
import chat.parley.account.Means;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import io.javalin.http.Context;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a server must know about browsers: from which page a request comes, whether it came by https, and from which address. Safe for use by
 * many threads.
 */
public final class Browsers {
    /** These change nothing, so a page of another origin that can cause them gains nothing. */
    private static final Set<String> READS = Set.of("GET", "HEAD", "OPTIONS");

    /** A household or a machine gets a network of 64 bits in IPv6; each address of it is free to them. */
    private static final int IPV6_NETWORK_BYTES = 8;

    private final BrowserSettings settings;

    /** @param settings how browsers reach this process */
    public Browsers(BrowserSettings settings) {
        this.settings = settings;
    }

    /**
     * Refuses a write by cookie unless it comes from a page of ours or of an origin on the list: a browser sends the cookie along with whatever
     * another page makes it send.
     */
    public void checkWrite(RequestHead request, Caller caller) {
        if (caller.means() == Means.COOKIE && !READS.contains(request.method()) && !isFromKnownPage(request)) {
            throw new ProblemException(Fault.ORIGIN_NOT_ALLOWED);
        }
    }

    /** Whether a browser's page sent this; refuses a page of an origin that is not ours and not on the list. */
    public boolean isFromPage(Context http) {
        if (http.header("Origin") == null) {
            return false;
        }
        if (!isFromKnownPage(RequestHead.of(http))) {
            throw new ProblemException(Fault.ORIGIN_NOT_ALLOWED);
        }
        return true;
    }

    /** Whether the client speaks https, to us or to the proxy before us. */
    public boolean isHttps(Context http) {
        return isHttps(RequestHead.of(http));
    }

    private boolean isHttps(RequestHead request) {
        return settings.https()
                || (settings.trustProxy() && "https".equalsIgnoreCase(last(request, "X-Forwarded-Proto")));
    }

    /** What stands for the client's address when requests are counted: the address, in IPv6 its network. */
    public String clientAddress(Context http) {
        String forwarded = settings.trustProxy() ? last(RequestHead.of(http), "X-Forwarded-For") : null;
        return network(forwarded == null || forwarded.isEmpty() ? http.ip() : forwarded);
    }

    private boolean isFromKnownPage(RequestHead request) {
        String origin = request.header("Origin");
        if (origin == null) {
            return false;
        }
        String lower = origin.toLowerCase(Locale.ROOT);
        String own = (isHttps(request) ? "https://" : "http://") + request.header("Host");
        return lower.equals(own.toLowerCase(Locale.ROOT)) || settings.origins().contains(lower);
    }

    /**
     * The proxy nearest to us adds its word at the end, on the same line or on one of its own; what stands before came from the client and may be
     * a lie.
     */
    private static @Nullable String last(RequestHead request, String header) {
        String line = request.lastHeader(header);
        return line == null ? null : line.substring(line.lastIndexOf(',') + 1).strip();
    }

    static String network(String address) {
        try {
            var parsed = InetAddress.ofLiteral(address);
            return parsed instanceof Inet6Address
                    ? HexFormat.of().formatHex(Arrays.copyOf(parsed.getAddress(), IPV6_NETWORK_BYTES))
                    : parsed.getHostAddress();
        } catch (IllegalArgumentException e) {
            return address; // a proxy's own name for it
        }
    }
}
