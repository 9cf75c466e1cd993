package chat.parley.stream;

import chat.parley.conversation.LargeGroups;
import chat.parley.event.ChatEvent;
import chat.parley.event.EncodedEvent;
import chat.parley.event.EventJson;
import chat.parley.event.GroupFrame;
import chat.parley.event.GroupLog;
import chat.parley.event.GroupLog.Place;
import chat.parley.event.References;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.Message;
import chat.parley.message.MessageStore;
import chat.parley.ops.StoreUnavailable;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which large groups are followed here: those of the people who listen. Memberships are read when a stream opens, when the person's own stream tells of
 * a change, and, in case that was lost, of everyone every half minute. Safe for use by many threads.
 *
 * <p>The maps are changed under the registry's lock. Methods named so block; the others return at once.
 */
final class Groups {
    private static final Logger LOG = LoggerFactory.getLogger(Groups.class);

    /** Every membership is read so often, whatever was told; the contract says within 30 s. */
    private static final int CHECK_TICKS = 25;

    /** People asked about at once. */
    private static final int CHECK_BATCH = 500;

    /** Longest wait for Redis and PostgreSQL when the first member of a group comes to a node. */
    private static final Duration READY_WAIT = Duration.ofSeconds(5);

    private static final int PAGE = 200;

    /** Memberships read at once, about: more than there are connections to PostgreSQL. */
    private static final int TURNS = 256;

    /** People who are looked at again at once, each for {@link #READY_WAIT} at most. */
    private static final int RETRIES_MAX = 64;

    private final SubscriberRegistry registry;
    private final GroupReads reads;
    private final LargeGroups large;
    private final GroupLog log;
    private final MessageStore messages;
    private final Executor blocking;
    private final InstantSource clock;
    private final GroupWork work;
    private final Map<ConversationId, GroupAudience> audiences = new ConcurrentHashMap<>();
    private final Map<UserId, Set<ConversationId>> followed = new ConcurrentHashMap<>();
    /** Memberships to be read again, and the time from which on something may have been missed. */
    private final Map<UserId, Long> changed = new ConcurrentHashMap<>();

    private final ReentrantLock[] turns =
            Stream.generate(ReentrantLock::new).limit(TURNS).toArray(ReentrantLock[]::new);
    private final Semaphore retries = new Semaphore(RETRIES_MAX);
    private final AtomicBoolean ticking = new AtomicBoolean();
    private List<UserId> toCheck = List.of();
    private int checked;

    /** @param blocking runs what blocks */
    Groups(
            SubscriberRegistry registry,
            GroupReads reads,
            LargeGroups large,
            GroupLog log,
            MessageStore messages,
            Executor blocking,
            InstantSource clock,
            StreamMeters meters) {
        this.registry = registry;
        this.reads = reads;
        this.large = large;
        this.log = log;
        this.messages = messages;
        this.blocking = blocking;
        this.clock = clock;
        this.work = new GroupWork(large, log, messages, registry, meters, this::changed);
        meters.groups(audiences::size);
        registry.follow(this);
    }

    // ---- what the registry and the feed say

    /** A frame of a group's channel. */
    void take(ConversationId conversation, GroupFrame frame) {
        var audience = audiences.get(conversation);
        if (audience != null) {
            audience.take(frame);
        }
    }

    /** An entry of the user's own stream, which may tell that the person is in other groups now. */
    void heard(UserId user, EncodedEvent event) {
        if (event.concernsMembershipOf(user)) {
            changed(user, event.timeMillis());
        }
    }

    /** Nobody listens for {@code user} any more. Called under the registry's lock. */
    void gone(UserId user) {
        var left = followed.remove(user);
        if (left != null) {
            left.forEach(conversation -> drop(user, conversation));
        }
    }

    /** Memberships of {@code user} may have changed, just now. */
    void changed(UserId user) {
        changed(user, clock.millis());
    }

    private void changed(UserId user, long atMillis) {
        if (changed.merge(user, atMillis, Math::min) == atMillis) {
            blocking.execute(() -> look(user));
        }
    }

    private void look(UserId user) {
        var at = changed.remove(user); // what changes from here on is looked at once more
        if (at == null || registry.listeners(user).length == 0) {
            return;
        }
        try {
            follow(user, at, false);
        } catch (StoreUnavailable e) {
            LOG.warn("the groups of somebody are looked at again later: {}", e.getMessage());
            changed.merge(user, at, Math::min);
        } catch (RuntimeException e) {
            LOG.error("the groups of somebody could not be read", e);
            changed.merge(user, at, Math::min);
        }
    }

    /** A second passed: what could not be done is tried again, and some memberships are read, whatever was told. */
    void tick() {
        if (!ticking.compareAndSet(false, true)) {
            return; // stores are slow
        }
        try {
            catchUp();
        } catch (StoreUnavailable e) {
            LOG.warn("large groups are looked at again later: {}", e.getMessage());
        } finally {
            ticking.set(false);
        }
    }

    private void catchUp() {
        // Nothing of this waits for a group or a person whose server is away.
        for (var audience : audiences.values()) {
            blocking.execute(() -> work.run(audience));
            sayWhetherAway(audience);
        }
        for (var user : Set.copyOf(changed.keySet())) {
            if (!retries.tryAcquire()) {
                break; // in the next second
            }
            blocking.execute(() -> {
                try {
                    look(user);
                } finally {
                    retries.release();
                }
            });
        }
        check();
    }

    /** Each second to each: whoever listens only since then is to know too. */
    private void sayWhetherAway(GroupAudience audience) {
        boolean wasAway = audience.isAway();
        long since = audience.awaySince(clock.millis());
        if (since == 0 && !wasAway) {
            return;
        }
        for (var user : audience.users()) {
            for (var listener : registry.listeners(user)) {
                if (since == 0) {
                    listener.groupBack(audience.conversation());
                } else {
                    listener.groupAway(audience.conversation(), since);
                }
            }
        }
    }

    private void check() {
        if (checked >= toCheck.size()) {
            var users = new ArrayList<UserId>();
            registry.forEachUser(users::add);
            toCheck = users;
            checked = 0;
        }
        int share = (toCheck.size() + CHECK_TICKS - 1) / CHECK_TICKS;
        for (int left = share; left > 0 && checked < toCheck.size(); left -= CHECK_BATCH) {
            var some = toCheck.subList(checked, Math.min(toCheck.size(), checked + Math.min(left, CHECK_BATCH)));
            checked += some.size();
            var found = large.of(some);
            for (var user : some) {
                var known = followed.getOrDefault(user, Set.of());
                var now = new HashSet<ConversationId>();
                found.getOrDefault(user, List.of()).forEach(place -> now.add(place.conversation()));
                if (!known.equals(now)) {
                    changed(user);
                }
            }
        }
    }

    // ---- blocks

    /** Those of {@code users}, who listen here, who are in no large group and follow none. */
    Set<UserId> withoutAny(Collection<UserId> users) {
        var some = large.anyOf(users);
        var none = new HashSet<UserId>();
        for (var user : users) {
            if (!some.contains(user) && !followed.containsKey(user)) {
                none.add(user);
            }
        }
        return none;
    }

    /** Follows the large groups of {@code user}, who listens here, and no others. Answers them; every event from now on arrives. */
    List<LargeGroups.Place> follow(UserId user) {
        return follow(user, clock.millis(), true);
    }

    /** One at a time for each person: two would tell everything twice. */
    private List<LargeGroups.Place> follow(UserId user, long atMillis, boolean isOpening) {
        var turn = turns[Math.floorMod(user.hashCode(), turns.length)];
        turn.lock();
        try {
            return followInTurn(user, atMillis, isOpening);
        } finally {
            turn.unlock();
        }
    }

    private List<LargeGroups.Place> followInTurn(UserId user, long atMillis, boolean isOpening) {
        var wanted = reads.of(user);
        if (wanted.isEmpty() && !followed.containsKey(user)) {
            return wanted;
        }
        for (var place : wanted) {
            if (!open(user, place.conversation())) {
                return List.of();
            }
        }
        for (var place : wanted) {
            awaitReady(place.conversation());
        }
        // Read once more: whoever left since the group's departures were read is told of by its frames.
        var present = reads.of(user);
        var kept = new HashSet<ConversationId>();
        present.forEach(place -> kept.add(place.conversation()));
        for (var conversation : Set.copyOf(followed.getOrDefault(user, Set.of()))) {
            if (!kept.contains(conversation)) {
                close(user, conversation);
            }
        }
        for (var place : present) {
            if (!audiences.containsKey(place.conversation())) {
                changed(user); // joined in this moment
                continue;
            }
            settle(user, place, atMillis, isOpening);
        }
        return present;
    }

    /** @param isOpening a stream that opens asks, and reads for itself what it missed */
    private void settle(UserId user, LargeGroups.Place place, long atMillis, boolean isOpening) {
        var audience = audiences.get(place.conversation());
        if (audience == null) {
            return;
        }
        switch (audience.membership(user, place)) {
            case SAME -> {}
            case SUSPENDED -> handOver(audience, user, place, audience.told(user), 0);
            case NEW -> {
                var listeners = registry.listeners(user);
                boolean isAlone = isOpening && listeners.length == 1;
                boolean isAnyoneLive = false;
                for (var listener : listeners) {
                    isAnyoneLive |= listener.isFollowingGroups();
                    if (!isAlone && !listener.isFollowingGroups()) {
                        listener.missedGroups(atMillis); // it reads by itself, and does not know of this group yet
                    }
                }
                if (isAnyoneLive) {
                    tellFromJoining(audience, user, place, atMillis);
                } else {
                    audience.begin(user);
                }
            }
        }
    }

    /** To streams that are live already: every message from the joining on, by seq, and then what else the group's stream has since. */
    private void tellFromJoining(GroupAudience audience, UserId user, LargeGroups.Place place, long atMillis) {
        long last = place.fromSeq() - 1;
        List<Message> page;
        long told = 0;
        do {
            page = messages.after(audience.conversation(), last, PAGE);
            if (!reads.isStill(user, place)) {
                changed(user); // left in this moment
                return;
            }
            for (var message : page) {
                var event = message.isDeleted()
                        ? ChatEvent.changed(message, null, message.sender(), message.createdAt())
                        : new ChatEvent.MessageCreated(message, null);
                tell(user, EventJson.encode(event));
                last = message.seq();
            }
            told += page.size();
        } while (page.size() == PAGE && told <= Past.CHANGES_MAX);
        if (told > Past.CHANGES_MAX) {
            missed(audience, user, 1); // from the beginning: each stream finds that it is too much, and says so
            return;
        }
        handOver(audience, user, place, new Place(atMillis - Past.OVERLAP.toMillis(), 0), last);
    }

    /**
     * Tells what the group's stream has after {@code from}, until it is all that others were told.
     *
     * @param toldSeq new messages up to this one were told
     */
    private void handOver(GroupAudience audience, UserId user, LargeGroups.Place place, Place from, long toldSeq) {
        var at = from;
        boolean isEnd = false;
        while (!isEnd || !audience.join(user, place, at, toldSeq)) {
            if (isEnd) {
                // Others were told what the stream does not have any more.
                missed(audience, user, at.millis());
                return;
            }
            var entries = log.after(audience.conversation(), at, PAGE);
            if (!reads.isStill(user, place)) {
                changed(user);
                return;
            }
            for (var entry : References.resolve(entries, messages, unused -> Long.MAX_VALUE)) {
                var event = entry.event();
                boolean isTold = event.isNewMessage() && event.messageSeq() <= toldSeq;
                if (!isTold && GroupAudience.sees(place, event)) {
                    tell(user, event);
                }
            }
            at = entries.isEmpty() ? at : Place.of(entries.getLast());
            isEnd = entries.isEmpty();
            if (!isEnd && audience.join(user, place, at, toldSeq)) {
                return;
            }
        }
    }

    private void missed(GroupAudience audience, UserId user, long sinceMillis) {
        audience.begin(user);
        for (var listener : registry.listeners(user)) {
            listener.missedGroups(sinceMillis);
        }
    }

    private void tell(UserId user, EncodedEvent event) {
        var delivery = Delivery.ofGroup(event);
        for (var listener : registry.listeners(user)) {
            listener.deliverGroup(delivery);
        }
    }

    /** False where nobody listens for {@code user} any more. */
    private boolean open(UserId user, ConversationId conversation) {
        return registry.exclusively(() -> {
            var streams = registry.streams(user);
            if (streams == null) {
                return false;
            }
            var audience = audiences.get(conversation);
            if (audience == null) {
                audience = new GroupAudience(conversation, behind -> blocking.execute(() -> work.run(behind)));
                audiences.put(conversation, audience);
                registry.subscribe(audience);
            }
            audience.seat(streams);
            followed.computeIfAbsent(user, unused -> ConcurrentHashMap.newKeySet())
                    .add(conversation);
            return true;
        });
    }

    private void close(UserId user, ConversationId conversation) {
        registry.exclusively(() -> {
            var mine = followed.get(user);
            if (mine != null && mine.remove(conversation)) {
                drop(user, conversation);
                for (var listener : registry.listeners(user)) {
                    listener.groupBack(conversation);
                }
                if (mine.isEmpty()) {
                    followed.remove(user);
                }
            }
            return true;
        });
    }

    private void drop(UserId user, ConversationId conversation) {
        var audience = audiences.get(conversation);
        if (audience != null) {
            audience.unseat(user);
            if (audience.isEmpty()) {
                audiences.remove(conversation);
                registry.unsubscribe(audience);
            }
        }
    }

    private void awaitReady(ConversationId conversation) {
        var audience = audiences.get(conversation);
        if (audience == null) {
            return;
        }
        try {
            audience.ready().get(READY_WAIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            throw new StoreUnavailable("redis", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailable("redis", e);
        }
    }
}
