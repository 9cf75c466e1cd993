package chat.parley.account;

import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers which sessions are in force, and which people there are, so that a request does not ask PostgreSQL each time. Instead the process asks every
 * {@link #POLL_EVERY}, for all sessions at once, which ones ended lately. While it cannot, nothing that is remembered counts, and each
 * request asks for itself: so a session that ended is refused within 5 s, or the answer is 503.
 *
 * <p>Safe for use by many threads.
 */
final class LiveSessions {
    /** How often {@link #poll} is to be called. */
    static final Duration POLL_EVERY = Duration.ofSeconds(2);

    /** What is remembered counts this long after the start of a poll that went well: two polls, and below the promised 5 s. */
    private static final Duration FRESH_FOR = Duration.ofMillis(4_500);

    /**
     * A poll looks back this far. More than a statement can take, so that an end that is committed late is seen; and more than a read can
     * be late in being remembered, so that what it remembers of a session that ended meanwhile is dropped again.
     */
    private static final Duration LOOK_BACK = Duration.ofSeconds(60);

    /** Read anew at least this often: that is also when use is written down. */
    private static final Duration REMEMBERED_FOR = Duration.ofMinutes(10);

    /** 200,000 sessions are some 40 MB; more active ones than that want another node. */
    private static final int REMEMBERED_MAX = 200_000;

    private static final Logger LOG = LoggerFactory.getLogger(LiveSessions.class);

    private final Sessions sessions;
    private final InstantSource clock;
    private final Ticker ticker;
    private final Cache<SessionId, SessionRow> known;
    private final Cache<ByteBuffer, SessionId> byCookie;
    private final Cache<UserId, Boolean> people;
    private volatile long freshUntilNanos;

    LiveSessions(Sessions sessions, InstantSource clock, Ticker ticker) {
        this.sessions = sessions;
        this.clock = clock;
        this.ticker = ticker;
        this.known = Caffeine.newBuilder()
                .ticker(ticker)
                .expireAfterWrite(REMEMBERED_FOR)
                .maximumSize(REMEMBERED_MAX)
                .build();
        this.byCookie = Caffeine.newBuilder()
                .ticker(ticker)
                .expireAfterWrite(REMEMBERED_FOR)
                .maximumSize(REMEMBERED_MAX)
                .build();
        this.people = Caffeine.newBuilder()
                .ticker(ticker)
                .expireAfterWrite(REMEMBERED_FOR)
                .maximumSize(REMEMBERED_MAX)
                .build();
        this.freshUntilNanos = ticker.read(); // nothing counts before the first poll
    }

    /** Learns which sessions ended lately. */
    void poll() {
        long startedAt = ticker.read();
        try {
            sessions.endedWithin(LOOK_BACK).forEach(known::invalidate);
            forget(sessions.erasedWithin(LOOK_BACK));
            freshUntilNanos = startedAt + FRESH_FOR.toNanos();
        } catch (StoreUnavailable e) {
            LOG.warn("cannot learn which sessions ended, so each request asks for itself: {}", e.getMessage());
        }
    }

    /** The session if it is in force. */
    Optional<SessionRow> inForce(SessionId id) {
        Instant now = clock.instant();
        if (isFresh()) {
            var row = known.getIfPresent(id);
            if (row != null) {
                return row.isInForceAt(now) ? Optional.of(row) : Optional.empty();
            }
        }
        var read = sessions.readAndTouch(id);
        read.ifPresent(row -> known.put(id, row));
        return read.filter(row -> row.isInForceAt(now));
    }

    /** The session if it is remembered to be in force; null where {@link #inForce} has to be asked. */
    @Nullable
    SessionRow known(SessionId id) {
        var row = isFresh() ? known.getIfPresent(id) : null;
        return row != null && row.isInForceAt(clock.instant()) ? row : null;
    }

    /** The same of the session that the cookie belongs to. */
    @Nullable
    SessionRow knownByCookie(String cookie) {
        var id = byCookie.getIfPresent(OpaqueSecrets.fingerprint(cookie));
        return id == null ? null : known(id);
    }

    /** Whether it is remembered that there is such a person. */
    boolean isKnownPerson(UserId user) {
        return isFresh() && people.getIfPresent(user) != null;
    }

    /** The session in force that the cookie belongs to. */
    Optional<SessionRow> inForceByCookie(String cookie) {
        var fingerprint = OpaqueSecrets.fingerprint(cookie);
        var id = byCookie.getIfPresent(fingerprint);
        if (id != null) {
            return inForce(id);
        }
        var read = sessions.readByCookie(OpaqueSecrets.hash(cookie));
        read.ifPresent(row -> {
            byCookie.put(fingerprint, row.id());
            known.put(row.id(), row);
        });
        return read.filter(row -> row.isInForceAt(clock.instant()));
    }

    /** Whether there is such a person still; for those of outside issuers, whom no session stands for. */
    boolean isPerson(UserId user) {
        if (isKnownPerson(user)) {
            return true;
        }
        boolean is = sessions.isPerson(user);
        if (is) {
            people.put(user, true);
        }
        return is;
    }

    void forget(SessionId id) {
        known.invalidate(id);
    }

    /** Drops all that is remembered of this person, who was erased. */
    void forget(UserId user) {
        forget(Set.of(user));
    }

    private void forget(Set<UserId> erased) {
        if (!erased.isEmpty()) {
            people.invalidateAll(erased);
            known.asMap().values().removeIf(row -> erased.contains(row.user()));
        }
    }

    private boolean isFresh() {
        return ticker.read() - freshUntilNanos < 0;
    }
}
