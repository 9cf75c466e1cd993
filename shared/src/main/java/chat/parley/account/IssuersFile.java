package chat.parley.account;

import chat.parley.json.Json;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.SecurityContext;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the file that lists outside issuers: {@code [{"issuer","audience","jwks_file" or "jwks_uri","private_network"}]}. Complaints name the file and
 * the entry, since they stop the start.
 */
final class IssuersFile {
    private static final Set<String> FIELDS = Set.of("issuer", "audience", "jwks_file", "jwks_uri", "private_network");

    /** Each token is verified by one issuer's keys, so this bounds no work; more than this is a mistake in the file. */
    private static final int ISSUERS_MAX = 100;

    /** Keys fetched from an address serve this long, then they are fetched again. */
    private static final Duration KEYS_FOR = Duration.ofMinutes(10);

    /** Longest wait for another thread's fetch. */
    private static final Duration FETCH_WAIT_MAX = Duration.ofSeconds(5);

    /** An unknown key id may mean a new key; forged ones must not make us fetch more often than twice in this time. */
    private static final Duration FETCH_EVERY = Duration.ofSeconds(30);

    /** With the issuer away its last keys serve on for this long: people can still talk, and a withdrawn key does not live for ever. */
    private static final Duration OUTAGE_MAX = Duration.ofHours(1);

    private final Path file;

    private IssuersFile(Path file) {
        this.file = file;
    }

    /**
     * The issuers listed in {@code file}.
     *
     * @throws IllegalArgumentException if the file cannot be read or is not such a list; says where
     */
    static List<Issuer> read(Path file) {
        return new IssuersFile(file).issuers();
    }

    private List<Issuer> issuers() {
        JsonNode list;
        try {
            list = Json.MAPPER.readTree(Files.readAllBytes(file));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(place() + " is not JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new IllegalArgumentException(place() + " cannot be read: " + e, e);
        }
        if (!list.isArray() || list.size() > ISSUERS_MAX) {
            throw new IllegalArgumentException(place() + " must be a list of at most " + ISSUERS_MAX + " issuers");
        }
        var issuers = new ArrayList<Issuer>();
        var names = new HashSet<String>();
        for (int i = 0; i < list.size(); i++) {
            var entry = list.get(i);
            String where = place() + ", entry " + (i + 1);
            var issuer = issuer(entry, where);
            if (!names.add(issuer.name())) {
                throw new IllegalArgumentException(where + ": issuer " + issuer.name() + " is listed twice");
            }
            issuers.add(issuer);
        }
        return issuers;
    }

    private Issuer issuer(JsonNode entry, String where) {
        if (!entry.isObject()) {
            throw new IllegalArgumentException(where + " must be an object");
        }
        for (var field : (Iterable<String>) entry::fieldNames) {
            if (!FIELDS.contains(field)) {
                throw new IllegalArgumentException(where + ": unknown field " + field + "; known are " + FIELDS);
            }
        }
        String name = required(entry, "issuer", where);
        if (name.equals(AccessTokens.ISSUER)) {
            throw new IllegalArgumentException(where + ": " + name + " is the issuer of our own tokens");
        }
        String keysFile = text(entry, "jwks_file", where);
        String keysAddress = text(entry, "jwks_uri", where);
        if ((keysFile == null) == (keysAddress == null)) {
            throw new IllegalArgumentException(where + " (" + name + ") needs either jwks_file or jwks_uri");
        }
        String place = where + " (" + name + ")";
        var keys = keysFile != null
                ? fromFile(file.toAbsolutePath().resolveSibling(keysFile), place)
                : fromAddress(
                        keysAddress == null ? "" : keysAddress,
                        entry.path("private_network").asBoolean(),
                        place);
        return new Issuer(name, required(entry, "audience", where), keys);
    }

    private static JWKSource<SecurityContext> fromFile(Path keysFile, String place) {
        JWKSet keys;
        try {
            keys = JWKSet.parse(Files.readString(keysFile)).toPublicJWKSet();
        } catch (IOException e) {
            throw new IllegalArgumentException(place + ": jwks_file " + keysFile + " cannot be read: " + e, e);
        } catch (ParseException e) {
            throw new IllegalArgumentException(
                    place + ": jwks_file " + keysFile + " is not a JWK set: " + e.getMessage(), e);
        }
        if (keys.getKeys().stream().noneMatch(IssuersFile::isUsable)) {
            throw new IllegalArgumentException(
                    place + ": jwks_file " + keysFile + " holds no key for RS256 (2048 bits or more), ES256 or EdDSA");
        }
        return new ImmutableJWKSet<>(keys);
    }

    private static boolean isUsable(JWK key) {
        return Issuer.verifier(key).isPresent();
    }

    private static JWKSource<SecurityContext> fromAddress(String address, boolean privateNetwork, String place) {
        URI uri;
        try {
            uri = URI.create(address);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(place + ": jwks_uri is not an address", e);
        }
        boolean isLoopback = Set.of("localhost", "127.0.0.1", "[::1]").contains(String.valueOf(uri.getHost()));
        boolean isTaken = "https".equals(uri.getScheme()) || ("http".equals(uri.getScheme()) && isLoopback);
        if (!isTaken || uri.getHost() == null) {
            throw new IllegalArgumentException(
                    place
                            + ": jwks_uri must begin with https://, because whoever changes the keys on the way can be anybody");
        }
        try {
            return JWKSourceBuilder.<SecurityContext>create(uri.toURL(), new GuardedFetch(privateNetwork || isLoopback))
                    .cache(KEYS_FOR.toMillis(), FETCH_WAIT_MAX.toMillis())
                    .refreshAheadCache(false) // its thread would outlive us
                    .rateLimited(FETCH_EVERY.toMillis())
                    .outageTolerant(OUTAGE_MAX.toMillis())
                    .build();
        } catch (MalformedURLException e) {
            throw new IllegalArgumentException(place + ": jwks_uri is not an address", e);
        }
    }

    private static String required(JsonNode entry, String field, String where) {
        String value = text(entry, field, where);
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException(where + ": " + field + " is missing");
        }
        return value;
    }

    private static @Nullable String text(JsonNode entry, String field, String where) {
        var value = entry.get(field);
        if (value == null) {
            return null;
        }
        if (!value.isTextual()) {
            throw new IllegalArgumentException(where + ": " + field + " must be text");
        }
        return value.textValue();
    }

    private String place() {
        return "issuers file " + file;
    }
}
