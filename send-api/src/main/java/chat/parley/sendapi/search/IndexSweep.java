package chat.parley.sendapi.search;

import chat.parley.id.ConversationId;
import chat.parley.message.ChangedMessage;
import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageStore;
import chat.parley.ops.Rounds;
import chat.parley.search.SearchIndex;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/**
 * Looks twice a minute for what was stored or changed and is not in the index: what an {@link Indexer} lost, and at the first start everything there is. Any number of
 * nodes may run one; they take turns. How far it came is stored after each look.
 */
public final class IndexSweep implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofSeconds(30);

    /** Younger messages wait in an indexer's queue, most likely. */
    private static final Duration YOUNG = Duration.ofSeconds(5);

    /** How much earlier than a look what it must find may be dated: commits take up to 3 s, and clocks of nodes differ. */
    private static final Duration MARGIN = Duration.ofMinutes(1);

    private static final int CONVERSATIONS_PAGE = 500;
    private static final int MESSAGES_PAGE = 200;

    private final SearchIndex index;
    private final MessageStore messages;
    private final InstantSource clock;
    private final Counter indexed;
    private final AtomicLong behindSeconds = new AtomicLong();
    private final Rounds rounds;

    /** Both stores are closed by the caller, later than this. */
    public IndexSweep(SearchIndex index, MessageStore messages, InstantSource clock, MeterRegistry meters) {
        this.index = index;
        this.messages = messages;
        this.clock = clock;
        this.indexed = meters.counter("parley.search.indexed", "by", "sweep");
        meters.gauge("parley.search.behind.seconds", behindSeconds);
        this.rounds = new Rounds("index-sweep", Duration.ZERO, PAUSE, this::round);
    }

    /** Begins to look. */
    public IndexSweep start() {
        rounds.start();
        return this;
    }

    @Override
    public void close() {
        rounds.close();
    }

    private void round() {
        index.alone(this::pass);
        measure();
    }

    private void measure() {
        index.sweptUntil()
                .ifPresent(until -> behindSeconds.set(
                        Duration.between(until, clock.instant()).toSeconds()));
    }

    /** One look. */
    void pass() {
        var now = clock.instant();
        var since = index.sweptUntil().map(until -> until.minus(MARGIN)).orElse(Instant.EPOCH);
        var last = new ConversationId(0);
        List<ConversationId> page;
        do {
            page = messages.activeSince(since, last, CONVERSATIONS_PAGE);
            for (var conversation : page) {
                if (isClosing()) {
                    return;
                }
                sweepNew(conversation, since, now.minus(YOUNG));
            }
            if (!page.isEmpty()) {
                sweepChanged(page, since);
                last = page.getLast();
            }
        } while (page.size() == CONVERSATIONS_PAGE && !isClosing());
        if (!isClosing()) {
            index.noteSwept(now);
        }
    }

    private boolean isClosing() {
        return rounds.isEnding();
    }

    /** Times never go back within a conversation, so the first older message, from the newest on, ends it. */
    private void sweepNew(ConversationId conversation, Instant since, Instant until) {
        long before = Long.MAX_VALUE;
        while (!isClosing()) {
            var page = messages.before(conversation, before, MESSAGES_PAGE);
            index(
                    conversation,
                    page,
                    message -> !message.createdAt().isBefore(since)
                            && message.createdAt().isBefore(until));
            if (page.size() < MESSAGES_PAGE || page.getLast().createdAt().isBefore(since)) {
                return;
            }
            before = page.getLast().seq();
        }
    }

    private void sweepChanged(List<ConversationId> conversations, Instant since) {
        var from = since;
        while (!isClosing()) {
            var changed = messages.changedSince(conversations, from, MessageStore.SINCE_LIMIT_MAX);
            var seqs = new HashMap<ConversationId, List<Long>>();
            for (var change : changed) {
                seqs.computeIfAbsent(change.conversation(), unused -> new ArrayList<>())
                        .add(change.seq());
            }
            seqs.forEach(this::indexAll);
            if (changed.size() < MessageStore.SINCE_LIMIT_MAX || isStuck(changed, from)) {
                return;
            }
            from = changed.getLast().at();
        }
    }

    /** Ten thousand changes of one moment; the rest of them is found when it is changed again. */
    private static boolean isStuck(List<ChangedMessage> changed, Instant from) {
        return changed.getLast().at().equals(from);
    }

    private void indexAll(ConversationId conversation, List<Long> seqs) {
        for (int i = 0; i < seqs.size(); i += MESSAGES_PAGE) {
            var page = seqs.subList(i, Math.min(seqs.size(), i + MESSAGES_PAGE));
            index(conversation, messages.findAll(conversation, page), message -> true);
        }
    }

    private void index(ConversationId conversation, List<Message> page, Predicate<Message> wanted) {
        var candidates = page.stream()
                .filter(wanted)
                .filter(message -> message.body().type() != MessageBody.Type.SYSTEM)
                .toList();
        if (candidates.isEmpty()) {
            return;
        }
        var known = index.versions(
                conversation, candidates.stream().map(Message::seq).toList());
        var missing = candidates.stream()
                .filter(message ->
                        known.getOrDefault(message.seq(), 0) < message.state().version())
                .toList();
        if (!missing.isEmpty()) {
            index.put(missing);
            indexed.increment(missing.size());
        }
    }
}
