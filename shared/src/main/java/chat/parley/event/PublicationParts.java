package chat.parley.event;

import chat.parley.event.PublishOutcome.Published;
import chat.parley.event.PublishOutcome.ToWake;
import chat.parley.event.PublishOutcome.Unpublished;
import chat.parley.id.UserId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The outcome of a publication that goes to several servers: published when every part is. Safe for use by many threads. */
final class PublicationParts {
    private final Publication whole;
    private final Consumer<PublishOutcome> done;
    private final Map<UserId, ToWake> toWake = new HashMap<>();
    private int missing;
    private boolean isUnpublished;

    PublicationParts(Publication whole, int parts, Consumer<PublishOutcome> done) {
        this.whole = whole;
        this.missing = parts;
        this.done = done;
    }

    /** One part more is done. */
    void done(PublishOutcome outcome) {
        synchronized (this) {
            switch (outcome) {
                case Published published -> published.toWake().forEach(wake -> toWake.put(wake.user(), wake));
                case Unpublished unused -> isUnpublished = true;
            }
            if (--missing > 0) {
                return;
            }
        }
        done.accept(isUnpublished ? new Unpublished() : new Published(inOrder()));
    }

    /** As one server would have answered. */
    private List<ToWake> inOrder() {
        var all = new ArrayList<ToWake>(toWake.size());
        for (var user : whole.recipients()) {
            var wake = toWake.get(user);
            if (wake != null) {
                all.add(wake);
            }
        }
        return all;
    }
}
