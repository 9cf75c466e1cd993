package chat.parley.notifier;

import chat.parley.id.UserId;
import chat.parley.push.BackgroundHints;
import chat.parley.push.Devices;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells a Redis that lost something, or may have, who has a device in the background. PostgreSQL knows. */
final class HintMending {
    private static final Logger LOG = LoggerFactory.getLogger(HintMending.class);

    /** Until then people with a stream open are not woken elsewhere. */
    static final Duration PAUSE = Duration.ofSeconds(10);

    /** Every so many looks all hints are told again, whatever Redis says: one that was not set when its device changed is missing for an hour at most. */
    private static final int LOOKS_OF_A_ROUND = 360;

    /** People of one step: some milliseconds of each store. */
    private static final int PAGE = 1_000;

    private final Devices devices;
    private final BackgroundHints hints;
    private int looks; // of one thread

    HintMending(Devices devices, BackgroundHints hints) {
        this.devices = devices;
        this.hints = hints;
    }

    /** One look. */
    void look() {
        String redis = hints.name();
        boolean isLost = !hints.areCompleteIn(redis);
        if (!isLost && ++looks % LOOKS_OF_A_ROUND != 0) {
            return;
        }
        int people = 0;
        var last = new UserId(0);
        List<UserId> page;
        do {
            page = devices.inBackground(last, PAGE);
            hints.setAll(page);
            people += page.size();
            last = page.isEmpty() ? last : page.getLast();
        } while (page.size() == PAGE);
        hints.noteCompleteIn(redis);
        if (isLost) {
            LOG.info(
                    "Redis is another or lost what it held: it knows again of {} people with a device in the background",
                    people);
        }
    }
}
