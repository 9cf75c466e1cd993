package chat.parley.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageChangeOutcome.Changed;
import chat.parley.message.MessageChangeOutcome.Unchanged;
import chat.parley.ops.StoreUnavailable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;

/**
 * People who send, edit, react and read through one or more stores until something fails for them or they are told to stop; what they were told is compared with what is
 * stored. What a writer got no answer for it repeats in {@link #repeatUnknown}.
 */
final class MessageLoad implements AutoCloseable {
    /** Whatever conversation: its members never change. */
    static final RosterVersions UNCHANGING = new RosterVersions() {
        @Override
        public OptionalLong of(ConversationId conversation) {
            return OptionalLong.of(1);
        }

        @Override
        public void hold(ConversationId conversation, LongConsumer work) {
            work.accept(1);
        }
    };

    private static final String EMOJI = "\uD83D\uDC4D";
    private static final int FIRST_WRITER = 100;
    private static final int PAGE = 200;

    /** Every so many messages of a writer one is edited, and one of somebody else's gets a reaction. */
    private static final int CHANGED_EVERY = 4;

    private final List<? extends MessageStore> stores;
    private final List<ConversationId> talks;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Future<?>> running = new ArrayList<>();
    private final Map<Key, Long> sent = new ConcurrentHashMap<>();
    private final Map<Place, String> edited = new ConcurrentHashMap<>();
    private final Set<Reactor> reacted = ConcurrentHashMap.newKeySet();
    private final Queue<Step> unknown = new ConcurrentLinkedQueue<>();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private volatile Duration slowest = Duration.ZERO;
    private volatile boolean over;

    private record Key(ConversationId talk, UserId sender, String clientMessageId) {}

    private record Place(ConversationId talk, long seq) {}

    private record Reactor(Place place, UserId person) {}

    /** Something that may be repeated until it is answered. */
    private interface Step {
        void run(MessageStore store);
    }

    MessageLoad(List<? extends MessageStore> stores, List<ConversationId> talks) {
        this.stores = List.copyOf(stores);
        this.talks = List.copyOf(talks);
    }

    void start(int writers, int readers) {
        for (int i = 0; i < writers; i++) {
            int number = i;
            running.add(threads.submit(() -> write(number)));
        }
        for (int i = 0; i < readers; i++) {
            int number = i;
            running.add(threads.submit(() -> read(number)));
        }
    }

    /** How many sends were acknowledged. */
    int acknowledged() {
        return sent.size();
    }

    /** What clients saw fail. */
    List<Throwable> failures() {
        return List.copyOf(failures);
    }

    Duration slowest() {
        return slowest;
    }

    /** Nobody begins anything any more, and all have ended. */
    void stop() throws Exception {
        over = true;
        for (var each : running) {
            each.get();
        }
    }

    @Override
    public void close() throws Exception {
        stop();
        threads.shutdown();
    }

    /** Repeats once what is not decided yet; it must be now. */
    void repeatUnknown() {
        for (var step = unknown.poll(); step != null; step = unknown.poll()) {
            step.run(stores.getFirst());
        }
    }

    private void write(int number) {
        var store = stores.get(number % stores.size());
        var me = new UserId(FIRST_WRITER + number);
        for (int n = 0; !over && failures.isEmpty(); n++) {
            var talk = talks.get((number + n) % talks.size());
            var key = new Key(talk, me, "key" + n);
            if (!done(store, repeated -> send(repeated, key))) {
                return;
            }
            if (n % CHANGED_EVERY == 1) {
                var place = new Place(talk, seq(key));
                if (!done(store, repeated -> edit(repeated, place, me, "edited"))) {
                    return;
                }
            }
            if (n % CHANGED_EVERY == 2) {
                var reaction = new Reactor(new Place(talk, 1 + seq(key) / 2), me);
                if (!done(store, repeated -> react(repeated, reaction))) {
                    return;
                }
            }
        }
    }

    private long seq(Key key) {
        return Objects.requireNonNull(sent.get(key));
    }

    private boolean done(MessageStore store, Step step) {
        long begun = System.nanoTime();
        try {
            step.run(store);
            return true;
        } catch (StoreUnavailable e) {
            unknown.add(step);
            failures.add(e);
            return false;
        } catch (Throwable e) {
            failures.add(e);
            return false;
        } finally {
            took(Duration.ofNanos(System.nanoTime() - begun));
        }
    }

    private synchronized void took(Duration time) {
        slowest = time.compareTo(slowest) > 0 ? time : slowest;
    }

    private void send(MessageStore store, Key key) {
        var outcome =
                store.append(new NewMessage(key.talk, 1, key.sender, key.clientMessageId, MessageBody.text("hello")));
        var message = switch (outcome) {
            case AppendOutcome.Stored stored -> stored.message();
            case AppendOutcome.AlreadyStored stored -> stored.message();
            default -> throw new AssertionError(outcome);
        };
        sent.put(key, message.seq());
        assertTrue(store.find(key.talk, message.seq()).isPresent(), "acknowledged and not to be read");
    }

    private void edit(MessageStore store, Place place, UserId author, String text) {
        expectChanged(store.change(
                new MessageChange(place.talk, 1, place.seq, author, new MessageChange.Edit(text, null, null))));
        edited.put(place, text);
    }

    private void react(MessageStore store, Reactor reaction) {
        expectChanged(store.change(new MessageChange(
                reaction.place.talk, 1, reaction.place.seq, reaction.person, new MessageChange.React(EMOJI))));
        reacted.add(reaction);
    }

    private static void expectChanged(MessageChangeOutcome outcome) {
        assertTrue(outcome instanceof Changed || outcome instanceof Unchanged, outcome.toString());
    }

    /** Follows a conversation, which never shows a hole. */
    private void read(int number) {
        var store = stores.get(number % stores.size());
        var talk = talks.get(number % talks.size());
        var last = new long[1];
        boolean goesOn = true;
        while (goesOn && !over && failures.isEmpty()) {
            goesOn = done(store, repeated -> {
                for (var message : repeated.after(talk, last[0], PAGE)) {
                    assertEquals(last[0] + 1, message.seq(), "a hole");
                    last[0]++;
                }
            });
        }
    }

    /** All that was acknowledged is there, and nothing else; called when nothing is unknown. */
    void check(MessageStore store) {
        assertTrue(unknown.isEmpty());
        for (var talk : talks) {
            var stored = all(store, talk);
            assertEquals(
                    LongStream.rangeClosed(1, stored.size()).boxed().toList(),
                    stored.stream().map(Message::seq).toList());
            checkKeys(talk, stored);
            for (var message : stored) {
                var place = new Place(talk, message.seq());
                assertEquals(edited.getOrDefault(place, "hello"), message.body().text(), place.toString());
                checkReactions(store, message, place);
            }
        }
    }

    private void checkKeys(ConversationId talk, Collection<Message> stored) {
        var keys = new HashMap<Key, Long>();
        stored.forEach(message -> keys.put(new Key(talk, message.sender(), message.clientMessageId()), message.seq()));
        assertEquals(stored.size(), keys.size(), "two messages of one key");
        var expected = new HashMap<>(sent);
        expected.keySet().removeIf(key -> !key.talk.equals(talk));
        assertEquals(expected, keys);
    }

    private void checkReactions(MessageStore store, Message message, Place place) {
        var expected = new HashSet<UserId>();
        reacted.stream().filter(each -> each.place.equals(place)).forEach(each -> expected.add(each.person));
        if (expected.isEmpty() && message.state().reactions() == null) {
            return;
        }
        var found = new HashSet<UserId>();
        store.reactions(place.talk, place.seq, null, PAGE).forEach(each -> found.add(each.user()));
        assertEquals(expected, found, place.toString());
        assertEquals(Map.of(EMOJI, expected.size()), ReactionCounts.read(message), place.toString());
        int changes = expected.size() + (edited.containsKey(place) ? 1 : 0);
        assertEquals(1 + changes, message.state().version(), "one version a change of " + place);
    }

    private static List<Message> all(MessageStore store, ConversationId talk) {
        var stored = new ArrayList<Message>();
        var page = store.after(talk, 0, PAGE);
        while (!page.isEmpty()) {
            stored.addAll(page);
            page = store.after(talk, page.getLast().seq(), PAGE);
        }
        return stored;
    }
}
