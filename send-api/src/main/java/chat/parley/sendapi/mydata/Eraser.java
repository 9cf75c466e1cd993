package chat.parley.sendapi.mydata;

import chat.parley.account.Erasures;
import chat.parley.account.Erasures.Erasure;
import chat.parley.id.UserId;
import chat.parley.ops.Rounds;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes what erased people left, step by step, until nothing is left. Any number of nodes may run one; they take turns. Keeps nothing in memory
 * that matters: whatever cuts it off, the next round begins with the first step and finds what is still to be done.
 */
public final class Eraser implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Eraser.class);

    private static final Duration PAUSE = Duration.ofSeconds(1);

    /**
     * A round that begins so long after the request is the last one: by then every process knows that there is no such person, which takes 5 s, and
     * requests that were under way are over, and so are their publications.
     */
    static final Duration QUIET = Duration.ofSeconds(30);

    /** Where others have to do something first, such as the collector of media. */
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(5);

    private static final int PAGE = 100;

    /** Any number that no other advisory lock of this database has. */
    static final long ERASER_LOCK = 0x6572_6173_6572L;

    private final Postgres postgres;
    private final Erasures erasures;
    private final List<ErasureStep> steps;
    private final Runnable afterwards;
    private final InstantSource clock;

    private final Map<UserId, Instant> notBefore = new HashMap<>();
    private final Counter finished;
    private final AtomicLong open = new AtomicLong();
    private final AtomicLong oldestSeconds = new AtomicLong();
    private final Rounds rounds;

    /**
     * All stores are closed by the caller, later than this.
     *
     * @param steps in the order in which they are taken
     * @param afterwards done once for the erasures that a round finished
     */
    public Eraser(
            Postgres postgres,
            Erasures erasures,
            List<ErasureStep> steps,
            Runnable afterwards,
            InstantSource clock,
            MeterRegistry meters) {
        this.postgres = postgres;
        this.erasures = erasures;
        this.steps = List.copyOf(steps);
        this.afterwards = afterwards;
        this.clock = clock;
        this.finished = meters.counter("parley.erasures.finished");
        meters.gauge("parley.erasures.open", open);
        meters.gauge("parley.erasures.oldest.seconds", oldestSeconds);
        this.rounds = new Rounds("eraser", PAUSE, this::look);
    }

    /** Begins to look. */
    public Eraser start() {
        rounds.start();
        return this;
    }

    @Override
    public void close() {
        rounds.close();
    }

    private void look() {
        measure();
        if (open.get() > 0) {
            try {
                postgres.alone(ERASER_LOCK, () -> round(this::pace));
            } catch (Ending e) {
                LOG.debug("erasures go on elsewhere or later", e);
            }
        }
        erasures.forgetSubjects();
    }

    /** The process ends. */
    private static final class Ending extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private void pace() {
        if (rounds.isEnding()) {
            throw new Ending();
        }
    }

    /** One look at everybody who is to be looked at now. */
    void round(ErasureStep.Pace pace) {
        int done = 0;
        var seen = new HashSet<UserId>();
        var last = new UserId(0);
        List<Erasure> page;
        do {
            page = erasures.open(last, PAGE);
            for (var erasure : page) {
                last = erasure.user();
                seen.add(last);
                var due = notBefore.get(last);
                if (due == null || !clock.instant().isBefore(due)) {
                    done += take(erasure, pace) ? 1 : 0;
                }
            }
        } while (page.size() == PAGE);
        notBefore.keySet().retainAll(seen); // others may have been finished elsewhere
        if (done > 0) {
            afterwards.run();
            LOG.info("{} erasures finished", done);
            measure();
        }
    }

    /** True when nothing is left. One that fails must not hold up the others, unless a store is away. */
    private boolean take(Erasure erasure, ErasureStep.Pace pace) {
        var begun = clock.instant();
        var quiet = erasure.requestedAt().plus(QUIET);
        boolean isClean = true;
        try {
            for (var step : steps) {
                pace.next();
                isClean &= step.run(erasure, pace);
            }
        } catch (StoreUnavailable | Ending e) {
            throw e;
        } catch (RuntimeException e) {
            LOG.error("an erasure failed and is tried again", e);
            isClean = false;
        }
        if (!isClean || begun.isBefore(quiet)) {
            notBefore.put(erasure.user(), isClean ? quiet : clock.instant().plus(LOOK_AGAIN));
            return false;
        }
        pace.next();
        erasures.finish(erasure.user());
        notBefore.remove(erasure.user());
        finished.increment();
        return true;
    }

    private void measure() {
        var backlog = erasures.backlog();
        open.set(backlog.people());
        var oldest = backlog.oldest();
        oldestSeconds.set(
                oldest == null ? 0 : Duration.between(oldest, clock.instant()).toSeconds());
    }
}
