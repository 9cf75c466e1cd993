package chat.parley.sendapi.relay;

import chat.parley.conversation.Conversations;
import chat.parley.conversation.LargeGroups;
import chat.parley.event.EventLog;
import chat.parley.event.Publication;
import chat.parley.event.PublishOutcome.Published;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageStore;
import chat.parley.ops.Rounds;
import chat.parley.ops.StoreUnavailable;
import chat.parley.outbox.Outbox;
import chat.parley.outbox.Outbox.Row;
import chat.parley.outbox.OutboxKind;
import chat.parley.push.PushJobs.Later;
import chat.parley.push.PushQueue;
import chat.parley.sendapi.message.SendNotice;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks once a second for what was committed and is not known to be published, and publishes it: in the order of the rows, leaving streams alone that have
 * it. Any number of nodes may run one; they take turns. After Redis lost something, the messages of the last minutes are offered again, so that streams and
 * pushes become complete.
 */
public final class Relay implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Relay.class);

    private static final Duration PAUSE = Duration.ofSeconds(1);

    /** Younger rows belong to the request that wrote them: it publishes within 2 s or not at all. */
    private static final Duration OVERDUE_AFTER = Duration.ofSeconds(2);

    /** How far back a Redis that lost something may lack entries without anyone seeing it: far longer than a failover takes. */
    private static final Duration OFFERED_AGAIN = Duration.ofMinutes(15);

    /** Rows of one step: some milliseconds each of PostgreSQL and of Redis. */
    private static final int BATCH = 500;

    /** Pages of one pass from the first row on that has to wait: reading them again and again is all that comes of it. */
    private static final int WAITING_PAGES_MAX = 20;

    private static final int CONVERSATIONS_PAGE = 1_000;

    /** Between two looks for what the store of messages remembers itself: each asks all of its partitions. */
    private static final Duration LOOK_PAUSE = Duration.ofSeconds(5);

    /** A row that fails this often, a second apart, is broken itself. */
    private static final int TRIES_MAX = 5;

    private final Outbox outbox;
    private final MessageStore messages;
    private final Conversations conversations;
    private final LargeGroups groups;
    private final EventLog events;
    private final PushQueue pushes;
    private final Offers offers;
    private final Leftovers leftovers;
    private final SendNotice notices;
    private final InstantSource clock;

    private final Map<Long, Integer> tries = new HashMap<>();

    /** Rows up to this one were tried since the relay began with the oldest. */
    private long reached;

    /** Conversations of which a row has to wait since then: their later ones wait too, and keep their order. */
    private final Set<ConversationId> stuck = new HashSet<>();

    private final Counter relayed;
    private final AtomicLong backlogRows = new AtomicLong();
    private final AtomicLong backlogSeconds = new AtomicLong();
    private final AtomicLong setAside = new AtomicLong();
    private Instant nextLook = Instant.EPOCH;
    private final Rounds rounds;

    /** Who is told. */
    public record Groups(Conversations conversations, LargeGroups large) {}

    /** All stores are closed by the caller, later than the relay. */
    public Relay(
            Outbox outbox,
            MessageStore messages,
            Groups groups,
            EventLog events,
            PushQueue pushes,
            SendNotice notices,
            InstantSource clock,
            MeterRegistry meters) {
        this.outbox = outbox;
        this.messages = messages;
        this.conversations = groups.conversations;
        this.groups = groups.large;
        this.events = events;
        this.pushes = pushes;
        this.notices = notices;
        this.clock = clock;
        this.relayed = meters.counter("parley.relay.published");
        meters.gauge("parley.outbox.overdue.rows", backlogRows);
        meters.gauge("parley.outbox.overdue.seconds", backlogSeconds);
        meters.gauge("parley.outbox.set.aside.rows", setAside);
        this.offers = new Offers(groups, messages, events, pushes);
        this.leftovers = new Leftovers(messages, offers, meters);
        this.rounds = new Rounds("relay", PAUSE, () -> outbox.alone(this::pass));
    }

    /** Begins to look. */
    public Relay start() {
        rounds.start();
        return this;
    }

    @Override
    public void close() {
        rounds.close();
    }

    /** One look. */
    void pass() {
        measure();
        if (!completeStreams()) {
            return;
        }
        relayRows();
        if (!clock.instant().isBefore(nextLook)) {
            nextLook = leftovers.settle(clock.instant(), rounds::isEnding)
                    ? nextLook
                    : clock.instant().plus(LOOK_PAUSE);
        }
        measure();
    }

    /** Offers the last minutes again to whom Redis lost something of. False when nothing more can be done now. */
    private boolean completeStreams() {
        String tag;
        try {
            tag = events.tag();
        } catch (StoreUnavailable e) {
            if (!events.isSpread()) {
                throw e;
            }
            // One server of several is away; what it lost is seen when it is back, and the others need not wait.
            LOG.debug("not every Redis server answers", e);
            return true;
        }
        String known = outbox.redisTag().orElse("");
        if (known.equals(tag)) {
            return true;
        }
        LOG.info("Redis is another or lost what it held: the messages of the last {} are offered again", OFFERED_AGAIN);
        if (!offerAgain(
                clock.instant().minus(OFFERED_AGAIN), events.keptSince(known).negate())) {
            return false;
        }
        outbox.noteRedisTag(tag);
        return true;
    }

    private void measure() {
        var now = clock.instant();
        var backlog = outbox.backlog(now.minus(OVERDUE_AFTER));
        backlogRows.set(backlog.rows());
        var oldest = backlog.oldest();
        backlogSeconds.set(
                oldest == null || backlog.rows() == 0
                        ? 0
                        : Duration.between(oldest, now).toSeconds());
        setAside.set(backlog.setAside());
    }

    /** Goes on behind rows that have to wait, in the next pass too: in a cluster they may be for people of one lost server only. */
    private void relayRows() {
        for (int waiting = 0; waiting < WAITING_PAGES_MAX && !rounds.isEnding(); waiting += stuck.isEmpty() ? 0 : 1) {
            var rows = outbox.overdue(clock.instant().minus(OVERDUE_AFTER), reached, BATCH);
            boolean goesOn = relay(rows.stream()
                    .filter(row -> !stuck.contains(row.conversation()))
                    .toList());
            if (!goesOn || rows.size() < BATCH) {
                reached = 0;
                stuck.clear();
                return;
            }
            reached = rows.getLast().id();
        }
    }

    /** False when nothing more can be done now. */
    private boolean relay(List<Row> rows) {
        var materials = new Materials(conversations, groups, messages);
        materials.prepare(rows);
        var made = new ArrayList<Row>();
        var publications = new ArrayList<Publication>();
        var broken = new ArrayList<Long>();
        var done = new LinkedHashSet<Long>();
        for (var row : rows) {
            try {
                if (row.kind() == OutboxKind.NOTICE_DUE) {
                    if (notices.send(row)) { // as a message it has a row of its own
                        done.add(row.id());
                    }
                    continue;
                }
                for (var publication : materials.publications(row)) {
                    publications.add(publication);
                    made.add(row);
                }
            } catch (StoreUnavailable e) {
                throw e;
            } catch (RuntimeException e) {
                LOG.warn("outbox row {} cannot be published: {}", row.id(), e.toString());
                if (tries.merge(row.id(), 1, Integer::sum) >= TRIES_MAX) {
                    broken.add(row.id());
                }
            }
        }
        if (!broken.isEmpty()) {
            LOG.error("outbox rows {} are set aside after {} tries", broken, TRIES_MAX);
            outbox.setAside(broken, clock.instant());
            broken.forEach(tries::remove);
        }
        var failed = new HashSet<Long>();
        var jobs = new ArrayList<Later>();
        var outcomes = events.publish(publications);
        for (int i = 0; i < outcomes.size(); i++) {
            if (outcomes.get(i) instanceof Published published) {
                var row = made.get(i);
                done.add(row.id());
                if (row.kind() == OutboxKind.MESSAGE_CREATED) {
                    // Also where a stream had it before: whether its push was queued is what a row that is left leaves
                    // open.
                    jobs.addAll(pushes.jobs(materials.existing(row), published.toWake()));
                }
            } else {
                failed.add(made.get(i).id());
                stuck.add(made.get(i).conversation());
            }
        }
        done.removeAll(failed); // of several publications of a row, not all
        if (!pushes.add(jobs).join()) {
            return false;
        }
        outbox.delete(done);
        done.forEach(tries::remove);
        relayed.increment(done.size());
        return failed.isEmpty() || events.isSpread();
    }

    /**
     * False when Redis went away meanwhile.
     *
     * @param lost who may lack something
     */
    private boolean offerAgain(Instant since, Predicate<UserId> lost) {
        var last = new ConversationId(0);
        List<ConversationId> page;
        do {
            page = messages.activeSince(since, last, CONVERSATIONS_PAGE);
            for (var conversation : page) {
                // Who had it in the stream had the push as well, or was there.
                if (rounds.isEnding() || !offers.messages(conversation, since, lost, toWake -> !toWake.before())) {
                    return false;
                }
            }
            last = page.isEmpty() ? last : page.getLast();
        } while (page.size() == CONVERSATIONS_PAGE);
        return true;
    }
}
