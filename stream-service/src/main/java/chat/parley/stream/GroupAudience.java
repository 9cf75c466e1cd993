package chat.parley.stream;

import chat.parley.conversation.LargeGroups;
import chat.parley.event.EncodedEvent;
import chat.parley.event.GroupFrame;
import chat.parley.event.GroupLog.Place;
import chat.parley.event.LiveFrame.Entry;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.redis.RedisKeys;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The members of one large group who listen at this node. Events are handed on in the order of the group's stream, by the feed's thread while it is live; where
 * one is missing, or someone left meanwhile, it stops being live and one worker brings it up to date, see {@link GroupWork}.
 *
 * <p>Its monitor guards its state, is held for moments only, and nothing else is locked under it.
 */
final class GroupAudience extends Channel {
    /** So long a store may be busy before the members are said not to be told; far less than {@link Past#OVERLAP}. */
    private static final int AWAY_TICKS = 5;

    private final ConversationId conversation;
    private final Consumer<GroupAudience> behind;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final Map<UserId, Seat> seats = new HashMap<>();
    /** The seats that are live; null where that changed since an event was handed on. A crowd that comes changes it often, and nothing is said meanwhile. */
    private Seat @Nullable [] live;

    private int awayTicks;
    private long awayMillis;
    private boolean subscribed;
    private boolean isLive;
    private boolean working;
    /** The last entry that was handed on; null until the stream's end was read for the first time. */
    private @Nullable Place place;
    /** The newest frame that came while this was not live. */
    private @Nullable Place owed;
    /** Whoever left until then has no seat any more. */
    private long departedKnown;

    private long departedSeen;

    /** A member who listens here. Guarded by the audience, but for what is final. */
    static final class Seat {
        /** The user's streams here. The seat goes with the last of them, so these are they as long as it is there. */
        private final Audience streams;

        private volatile LargeGroups.@Nullable Place membership;
        private boolean isLive;
        /** It was live since the membership was noted. */
        private boolean hasBegun;
        /** The membership may have ended since it was last read. */
        private boolean isDoubted;
        /** Nothing up to here is handed on: it was told otherwise. */
        private volatile Place told = Place.START;
        /** Nor is a new message up to this one: history told it. */
        private volatile long toldSeq;

        private Seat(Audience streams) {
            this.streams = streams;
        }
    }

    /** Where the worker stands. */
    record Step(
            @Nullable Place place, @Nullable Place owed, long departedKnown, long departedSeen, List<UserId> users) {}

    /** What became of a seat when its membership was read. */
    enum Seating {
        /** Not told of anything yet. */
        NEW,
        /** As it was. */
        SAME,
        /** It waits, and goes on where it was. */
        SUSPENDED
    }

    /** @param behind takes an audience that has to be brought up to date, and returns at once */
    GroupAudience(ConversationId conversation, Consumer<GroupAudience> behind) {
        this.conversation = conversation;
        this.behind = behind;
    }

    ConversationId conversation() {
        return conversation;
    }

    /** Completes when every event from now on arrives here. */
    CompletableFuture<Void> ready() {
        return ready;
    }

    @Override
    String name() {
        return RedisKeys.groupLive(conversation);
    }

    @Override
    void confirmed() {
        synchronized (this) {
            subscribed = true;
        }
        missed();
    }

    @Override
    void missed() {
        synchronized (this) {
            isLive = false;
        }
        behind.accept(this);
    }

    @Override
    synchronized void lost() {
        subscribed = false;
        isLive = false;
    }

    /**
     * A second passed. Answers since when, about, the members have not been told what happens; 0: they are told, or are only about to be.
     *
     * @param nowMillis by our clock
     */
    synchronized long awaySince(long nowMillis) {
        if (isLive || place == null) {
            awayTicks = 0;
            awayMillis = 0;
            return 0;
        }
        awayMillis = awayTicks++ == 0 ? nowMillis : awayMillis;
        return isAway() ? awayMillis : 0;
    }

    synchronized boolean isAway() {
        return awayTicks > AWAY_TICKS;
    }

    // ---- seats

    /** Keeps a seat for someone who is told nothing yet and whose membership is about to be read. */
    synchronized void seat(Audience streams) {
        seats.computeIfAbsent(streams.user(), unused -> new Seat(streams)).isDoubted = false;
    }

    /** Takes the seat away. */
    synchronized void unseat(UserId user) {
        if (seats.remove(user) != null) {
            live = null;
        }
    }

    synchronized boolean isEmpty() {
        return seats.isEmpty();
    }

    synchronized int size() {
        return seats.size();
    }

    /** Notes the membership as it is now, read after the audience was ready and the seat was kept. */
    synchronized Seating membership(UserId user, LargeGroups.Place membership) {
        var seat = seats.get(user);
        if (seat == null) {
            return Seating.SAME; // nobody listens any more
        }
        boolean isSame = membership.equals(seat.membership) && seat.hasBegun;
        seat.membership = membership;
        if (!isSame) {
            seat.isLive = false;
            seat.hasBegun = false;
            seat.told = Place.START;
            seat.toldSeq = 0;
            live = null;
            return Seating.NEW;
        }
        return seat.isLive ? Seating.SAME : Seating.SUSPENDED;
    }

    /** From the next event on, {@code user} is told. */
    synchronized void begin(UserId user) {
        var seat = seats.get(user);
        if (seat != null && seat.membership != null && !seat.isDoubted) {
            seat.isLive = true;
            seat.hasBegun = true;
            live = null;
        }
    }

    /** Where a suspended seat stopped. */
    synchronized Place told(UserId user) {
        var seat = seats.get(user);
        return seat == null ? Place.START : seat.told;
    }

    /**
     * {@code user} was told everything up to {@code told}. False where others were told more: then that is to be told first.
     *
     * @param membership as it was when the telling began; another one means that somebody else is at it
     * @param toldSeq new messages up to this one were told, also those that the stream does not have yet
     */
    synchronized boolean join(UserId user, LargeGroups.Place membership, Place told, long toldSeq) {
        var seat = seats.get(user);
        if (seat == null || !membership.equals(seat.membership) || seat.isLive) {
            return true;
        }
        if (place != null && !covers(told, place)) {
            return false;
        }
        seat.told = told;
        seat.toldSeq = Math.max(seat.toldSeq, toldSeq);
        seat.hasBegun = true;
        if (!seat.isDoubted) {
            seat.isLive = true;
            live = null;
        }
        return true;
    }

    /** Tells {@code user} nothing more until the membership was read again, also where somebody is about to begin with it as it was. */
    synchronized void suspend(UserId user) {
        var seat = seats.get(user);
        if (seat == null) {
            return;
        }
        seat.isDoubted = true;
        if (seat.isLive) {
            seat.isLive = false;
            seat.told = place == null || covers(seat.told, place) ? seat.told : place;
            live = null;
        }
    }

    synchronized List<UserId> users() {
        return List.copyOf(seats.keySet());
    }

    private Seat[] live() {
        var known = live;
        if (known == null) {
            known = seats.values().stream().filter(seat -> seat.isLive).toArray(Seat[]::new);
            live = known;
        }
        return known;
    }

    // ---- the feed

    /** A frame was published. */
    void take(GroupFrame frame) {
        var entry = frame.entry();
        Seat[] told;
        synchronized (this) {
            departedSeen = Math.max(departedSeen, frame.departedMillis());
            if (place != null && place.covers(entry)) {
                return;
            }
            if (!isLive || place == null || departedSeen > departedKnown || !place.isBefore(entry)) {
                isLive = false;
                owed = Place.of(entry);
                told = null;
            } else {
                place = Place.of(entry);
                told = live();
            }
        }
        if (told == null) {
            behind.accept(this);
        } else {
            hand(entry, told);
        }
    }

    // ---- the worker

    /** Whether there is something to do, and nobody does it: then the caller does, and ends by {@link #goLive} or {@link #pause}. */
    synchronized boolean beginWork() {
        if (isLive || working || !subscribed) {
            return false;
        }
        working = true;
        return true;
    }

    /** The worker cannot go on now. */
    synchronized void pause() {
        working = false;
    }

    synchronized Step step() {
        return new Step(place, owed, departedKnown, departedSeen, List.copyOf(seats.keySet()));
    }

    /**
     * Goes on from here, with what is in between told otherwise, or to be told to nobody.
     *
     * @param missing what the stream turned out not to have
     */
    synchronized void startAt(Place end, long departedMillis, @Nullable Place missing) {
        place = end;
        owed = Objects.equals(owed, missing) && missing != null ? null : owed;
        departedKnown = Math.max(departedKnown, departedMillis);
        departedSeen = Math.max(departedSeen, departedMillis);
    }

    /** Whoever left until then was looked at. */
    synchronized void departuresKnown(long millis) {
        departedKnown = Math.max(departedKnown, millis);
    }

    /** Hands on what the stream told. In one step with who hears it the place moves: who joins meanwhile is to have read the entry. */
    void tell(Entry entry) {
        Seat[] told;
        synchronized (this) {
            place = Place.of(entry);
            told = live();
        }
        hand(entry, told);
    }

    /** What came until {@code last} was told, or is to be told to nobody. */
    synchronized void passed(Place last) {
        place = last;
    }

    /** False where more came meanwhile. */
    boolean goLive() {
        synchronized (this) {
            boolean owes = place == null || (owed != null && !covers(place, owed));
            if (owes || departedSeen > departedKnown) {
                return false;
            }
            owed = null;
            isLive = subscribed; // else it begins when it is confirmed
            working = false;
        }
        ready.complete(null);
        return true;
    }

    /** Whether {@code one} is {@code other} or after it. */
    static boolean covers(Place one, Place other) {
        return other.millis() < one.millis() || (other.millis() == one.millis() && other.n() <= one.n());
    }

    private static void hand(Entry entry, Seat[] told) {
        var delivery = Delivery.ofGroup(entry.event());
        long seq = entry.event().messageSeq();
        boolean isNew = entry.event().isNewMessage();
        for (var seat : told) {
            var membership = seat.membership;
            boolean isTold = seat.told.covers(entry) || (isNew && seq <= seat.toldSeq);
            if (membership != null && sees(membership, seq) && !isTold) {
                for (var listener : seat.streams.listeners()) {
                    listener.deliverGroup(delivery);
                }
            }
        }
    }

    /** Whether a member sees what is told of message {@code seq}; 0: of no message. */
    static boolean sees(LargeGroups.Place membership, long seq) {
        return seq == 0 || seq >= membership.joinedSeq();
    }

    /** The same of an event. */
    static boolean sees(LargeGroups.Place membership, EncodedEvent event) {
        return sees(membership, event.messageSeq());
    }
}
