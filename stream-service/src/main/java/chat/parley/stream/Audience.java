package chat.parley.stream;

import chat.parley.id.UserId;
import chat.parley.redis.RedisKeys;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The listeners of one user at this node. Changed under the registry's lock, read without one. */
final class Audience extends Channel {
    static final Listener[] NOBODY = {};

    private final UserId user;
    private volatile Listener[] listeners = NOBODY;
    /** Completes when Redis confirmed the subscription; null afterwards, since most of an audience's life is afterwards. */
    private volatile @Nullable CompletableFuture<Void> confirmation = new CompletableFuture<>();

    Audience(UserId user) {
        this.user = user;
    }

    UserId user() {
        return user;
    }

    @Override
    String name() {
        return RedisKeys.live(user);
    }

    Listener[] listeners() {
        return listeners;
    }

    int size() {
        return listeners.length;
    }

    void add(Listener listener) {
        var more = Arrays.copyOf(listeners, listeners.length + 1);
        more[more.length - 1] = listener;
        listeners = more;
    }

    boolean remove(Listener listener) {
        var old = listeners;
        for (int i = 0; i < old.length; i++) {
            if (old[i] == listener) {
                var fewer = new Listener[old.length - 1];
                System.arraycopy(old, 0, fewer, 0, i);
                System.arraycopy(old, i + 1, fewer, i, fewer.length - i);
                listeners = fewer;
                return true;
            }
        }
        return false;
    }

    /** What to wait for before reading the stream; null when the subscription is in force. */
    @Nullable
    CompletableFuture<Void> confirmation() {
        return confirmation;
    }

    /**
     * Redis confirmed the subscription, for the first time or, after the connection was lost, again: then whatever was published in between is
     * to be read from the stream.
     */
    @Override
    void confirmed() {
        var first = confirmation;
        if (first != null) {
            confirmation = null;
            first.complete(null);
            return;
        }
        missed();
    }

    @Override
    void missed() {
        for (var listener : listeners) {
            listener.missed();
        }
    }
}
