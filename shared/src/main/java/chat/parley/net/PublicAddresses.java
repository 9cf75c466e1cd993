package chat.parley.net;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;

/**
 * Tells addresses that the whole world can reach from those of our own machines and networks. Whoever connects to an address that a stranger named must ask for the
 * very address it connects to: a name may resolve differently a moment later.
 */
public final class PublicAddresses {
    /** The special networks of IPv4 (IANA's registry of RFC 6890) that Java has no word for. */
    private static final List<Network> NOT_GLOBAL_4 = List.of(
            Network.of("0.0.0.0", 8), // this network
            Network.of("100.64.0.0", 10), // behind a carrier's address translation
            Network.of("192.0.0.0", 24), // protocol assignments
            Network.of("192.0.2.0", 24), // documentation
            Network.of("198.18.0.0", 15), // benchmarks
            Network.of("198.51.100.0", 24), // documentation
            Network.of("203.0.113.0", 24), // documentation
            Network.of("240.0.0.0", 4)); // reserved, broadcast

    /** Of IPv6 only this part was ever given out for the world (RFC 4291, 2.4, IANA's registry). */
    private static final Network GLOBAL_6 = Network.of("2000::", 3);

    /** Within it: addresses that wrap another one, or mean nothing outside. */
    private static final List<Network> NOT_GLOBAL_6 = List.of(
            Network.of("2001::", 23), // protocol assignments, among them Teredo
            Network.of("2001:db8::", 32), // documentation
            Network.of("2002::", 16), // 6to4
            Network.of("3fff::", 20)); // documentation

    /** Behind it an IPv6-only network shows the world of IPv4 (RFC 6052): what counts is the address inside. */
    private static final Network TRANSLATED = Network.of("64:ff9b::", 96);

    private PublicAddresses() {}

    /** Whether {@code address} is one that the whole world can reach. */
    public static boolean isPublic(InetAddress address) {
        if (address.isLoopbackAddress()
                || address.isAnyLocalAddress()
                || address.isLinkLocalAddress()
                || address.isSiteLocalAddress()
                || address.isMulticastAddress()) {
            return false;
        }
        if (address instanceof Inet4Address) {
            return NOT_GLOBAL_4.stream().noneMatch(network -> network.contains(address));
        }
        if (TRANSLATED.contains(address)) {
            return isPublic(inside(address));
        }
        return GLOBAL_6.contains(address) && NOT_GLOBAL_6.stream().noneMatch(network -> network.contains(address));
    }

    private static InetAddress inside(InetAddress translated) {
        byte[] bytes = translated.getAddress();
        try {
            return InetAddress.getByAddress(Arrays.copyOfRange(bytes, bytes.length - 4, bytes.length));
        } catch (UnknownHostException e) {
            throw new IllegalStateException("four bytes are an address", e);
        }
    }

    private record Network(byte[] prefix, int bits) {
        static Network of(String address, int bits) {
            return new Network(InetAddress.ofLiteral(address).getAddress(), bits);
        }

        boolean contains(InetAddress address) {
            byte[] bytes = address.getAddress();
            if (bytes.length != prefix.length) {
                return false;
            }
            int whole = bits / 8;
            int rest = bits % 8;
            return Arrays.equals(bytes, 0, whole, prefix, 0, whole)
                    && (rest == 0 || (bytes[whole] & 0xff) >> (8 - rest) == (prefix[whole] & 0xff) >> (8 - rest));
        }
    }
}
