package chat.parley.stream;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import chat.parley.event.EncodedEvent;
import chat.parley.event.GroupFrame;
import chat.parley.event.LiveFrame;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.redis.RedisKeys;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Who listens here, by user, and which users' channels are to be subscribed. Safe for use by many threads.
 *
 * <p>Subscribing and unsubscribing are queued in the order of the changes, under one lock: in another order a user could end
 * unsubscribed with a stream open.
 */
final class SubscriberRegistry {
    /** Longest wait for Redis to confirm a subscription; after it, the client is told to come back. */
    private static final Duration CONFIRMATION_WAIT = Duration.ofSeconds(5);

    private final Map<UserId, Audience> audiences = new ConcurrentHashMap<>();
    private final Object changes = new Object();
    private final int perUser;
    private volatile Channels channels = Channels.NONE;
    /** Those that are no user's, by name. */
    private final Map<String, Channel> others = new ConcurrentHashMap<>();

    private volatile @Nullable Groups groups;
    private volatile Consumer<UserId> changed = unused -> {};
    private volatile @Nullable IntSupplier draining;

    /** @param perUser most listeners of one user */
    SubscriberRegistry(int perUser) {
        this.perUser = perUser;
    }

    /** Takes the wishes; calls come in order and must not block. */
    interface Channels {
        Channels NONE = new Channels() {
            @Override
            public void subscribe(Channel channel) {}

            @Override
            public void unsubscribe(Channel channel) {}
        };

        void subscribe(Channel channel);

        void unsubscribe(Channel channel);
    }

    /**
     * From now on {@code wishes} hears of every change, and first of all there are; what it knew before is void. Its calls are made under the
     * registry's lock.
     */
    void connect(Channels wishes) {
        synchronized (changes) {
            channels = wishes;
            forEachChannel(wishes::subscribe);
        }
    }

    /** From now on {@code groups} hears of frames and listeners. */
    void follow(Groups groups) {
        this.groups = groups;
    }

    /** Runs {@code work}, which must not block, while no listener comes or goes. */
    boolean exclusively(BooleanSupplier work) {
        synchronized (changes) {
            return work.getAsBoolean();
        }
    }

    /** Wants to hear one more channel. */
    void subscribe(Channel channel) {
        synchronized (changes) {
            if (others.putIfAbsent(channel.name(), channel) == null) {
                channels.subscribe(channel);
            }
        }
    }

    /** Does not want to hear it any more. */
    void unsubscribe(Channel channel) {
        synchronized (changes) {
            if (others.remove(channel.name(), channel)) {
                channels.unsubscribe(channel);
            }
        }
    }

    /** From now on {@code action} hears whose listeners changed; it is called under the registry's lock and must not block. */
    void onChange(Consumer<UserId> action) {
        changed = action;
    }

    /** This node leaves: whoever listens, or comes now, is told to end in so many seconds. */
    void drain(IntSupplier ticks) {
        draining = ticks;
        forEach(listener -> listener.drainIn(ticks.getAsInt()));
    }

    /** Adds {@code listener}; false when the user has too many. {@link #awaitSubscribed} before reading the stream. */
    boolean add(UserId user, Listener listener) {
        boolean isAdded = addNow(user, listener);
        var leaving = draining;
        if (isAdded && leaving != null) {
            listener.drainIn(leaving.getAsInt()); // it was let in before this node began to leave
        }
        return isAdded;
    }

    private boolean addNow(UserId user, Listener listener) {
        synchronized (changes) {
            var audience = audiences.get(user);
            if (audience == null) {
                audience = new Audience(user);
                audience.add(listener);
                audiences.put(user, audience);
                channels.subscribe(audience);
                changed.accept(user);
                return true;
            }
            if (audience.size() >= perUser) {
                return false;
            }
            audience.add(listener);
            changed.accept(user);
            return true;
        }
    }

    /** Forgets {@code listener}; repeating it changes nothing. */
    void remove(UserId user, Listener listener) {
        synchronized (changes) {
            var audience = audiences.get(user);
            if (audience == null || !audience.remove(listener)) {
                return;
            }
            if (audience.size() == 0) {
                audiences.remove(user);
                channels.unsubscribe(audience);
                var following = groups;
                if (following != null) {
                    following.gone(user);
                }
            }
            changed.accept(user);
        }
    }

    /**
     * Waits until every frame of the user's that is published from now on arrives here.
     *
     * @throws StoreUnavailable if Redis does not confirm
     */
    void awaitSubscribed(UserId user) {
        var audience = audiences.get(user);
        var confirmation = audience == null ? null : audience.confirmation();
        if (confirmation == null) {
            return;
        }
        try {
            confirmation.get(CONFIRMATION_WAIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            throw new StoreUnavailable("redis", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailable("redis", e);
        }
    }

    /** Whether {@code user} has as many listeners as one may have. */
    boolean isFull(UserId user) {
        var audience = audiences.get(user);
        return audience != null && audience.size() >= perUser;
    }

    /** Hands a frame of {@code user}'s channel to those who listen. */
    void deliver(UserId user, LiveFrame frame, String tag) {
        var audience = audiences.get(user);
        if (audience == null) {
            return;
        }
        switch (frame) {
            case LiveFrame.Entry entry -> {
                var delivery = Delivery.of(entry, tag);
                for (var listener : audience.listeners()) {
                    listener.deliver(delivery);
                }
                heard(user, entry.event());
            }
            case LiveFrame.Ephemeral ephemeral -> {
                var delivery = Delivery.of(ephemeral);
                for (var listener : audience.listeners()) {
                    listener.deliver(delivery);
                }
            }
            case LiveFrame.SessionEnded ended -> {
                for (var listener : audience.listeners()) {
                    listener.sessionEnded(ended.session());
                }
            }
            case LiveFrame.SessionPaused paused -> {
                for (var listener : audience.listeners()) {
                    listener.sessionPaused(paused.session());
                }
            }
        }
    }

    /** Hands a frame of a large group's channel to those who follow it. */
    void deliver(ConversationId conversation, GroupFrame frame) {
        var following = groups;
        if (following != null) {
            following.take(conversation, frame);
        }
    }

    /** {@code event} stands in the user's stream, and was read there. */
    void heard(UserId user, EncodedEvent event) {
        var following = groups;
        if (following != null) {
            following.heard(user, event);
        }
    }

    /** The user's stream was not readable: whatever it held may have told of other groups. */
    void heardAnything(UserId user) {
        var following = groups;
        if (following != null) {
            following.changed(user);
        }
    }

    /** Every channel that is wanted; others may come and go meanwhile. */
    void forEachChannel(Consumer<Channel> action) {
        audiences.values().forEach(action);
        others.values().forEach(action);
    }

    /** Every channel that is wanted, while none comes or goes; first {@code before}. */
    void forEachChannelAtOnce(Runnable before, Consumer<Channel> action) {
        synchronized (changes) {
            before.run();
            forEachChannel(action);
        }
    }

    /** Does {@code action} if the channel is still wanted, which it remains meanwhile. */
    void ifWanted(Channel channel, Runnable action) {
        synchronized (changes) {
            if (channel.equals(channel(channel.name().getBytes(ISO_8859_1)))) {
                action.run();
            }
        }
    }

    /** The channel of this name, if it is wanted. */
    @Nullable
    Channel channel(byte[] name) {
        var user = RedisKeys.liveUser(name);
        return user == null ? others.get(new String(name, ISO_8859_1)) : audiences.get(user);
    }

    /** Everyone who listens; others may come and go meanwhile. */
    void forEach(Consumer<Listener> action) {
        for (var audience : audiences.values()) {
            for (var listener : audience.listeners()) {
                action.accept(listener);
            }
        }
    }

    /** Everyone of whom somebody listens; others may come and go meanwhile. */
    void forEachUser(Consumer<UserId> action) {
        audiences.keySet().forEach(action);
    }

    /** Who listens for {@code user} now; not to be changed. */
    Listener[] listeners(UserId user) {
        var audience = audiences.get(user);
        return audience == null ? Audience.NOBODY : audience.listeners();
    }

    /** The streams of {@code user}; null where there are none. They are these until the last one leaves, and others afterwards. */
    @Nullable
    Audience streams(UserId user) {
        return audiences.get(user);
    }

    /** Whether nobody listens. */
    boolean isEmpty() {
        return audiences.isEmpty();
    }
}
