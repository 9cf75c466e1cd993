package chat.parley.stream;

import chat.parley.conversation.LargeGroups;
import chat.parley.event.GroupLog;
import chat.parley.event.GroupLog.Place;
import chat.parley.event.LiveFrame.Entry;
import chat.parley.event.References;
import chat.parley.id.UserId;
import chat.parley.message.MessageStore;
import chat.parley.ops.StoreUnavailable;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the audience of a group up to date: who left has no seat, and what was published is handed on without a gap. Where the group's stream cannot tell,
 * everyone reads history. Blocks; for virtual threads, one for each audience at a time.
 */
final class GroupWork {
    private static final Logger LOG = LoggerFactory.getLogger(GroupWork.class);

    /** Entries of one read. */
    private static final int PAGE = 200;

    private final LargeGroups large;
    private final GroupLog log;
    private final MessageStore messages;
    private final SubscriberRegistry registry;
    private final StreamMeters meters;
    private final Consumer<UserId> look;

    /** @param look reads a membership again and returns at once */
    GroupWork(
            LargeGroups large,
            GroupLog log,
            MessageStore messages,
            SubscriberRegistry registry,
            StreamMeters meters,
            Consumer<UserId> look) {
        this.large = large;
        this.log = log;
        this.messages = messages;
        this.registry = registry;
        this.meters = meters;
        this.look = look;
    }

    void run(GroupAudience audience) {
        while (audience.beginWork()) {
            try {
                boolean isLive = false;
                while (!isLive) {
                    isLive = step(audience);
                }
            } catch (StoreUnavailable e) {
                LOG.warn("a large group waits for a store: {}", e.getMessage());
                audience.pause();
                return; // the clock tries again
            } catch (RuntimeException e) {
                LOG.error("a large group could not be brought up to date; it is tried again", e);
                audience.pause();
                return;
            }
        }
    }

    private boolean step(GroupAudience audience) {
        var step = audience.step();
        var place = step.place();
        if (place == null) {
            long departed = large.departedMillis(audience.conversation());
            audience.startAt(log.end(audience.conversation()), departed, null);
            return audience.goLive();
        }
        if (step.departedSeen() > step.departedKnown()) {
            lookWhoLeft(audience, step);
        }
        var entries = log.after(audience.conversation(), place, PAGE);
        boolean isMissing = entries.isEmpty() && step.owed() != null && !GroupAudience.covers(place, step.owed());
        if (isMissing || !place.isBefore(entries)) {
            LOG.info("the stream of a large group was cut off; those who listen read history");
            meters.groupCutOff();
            audience.startAt(log.end(audience.conversation()), 0, step.owed());
            for (var user : step.users()) {
                for (var listener : registry.listeners(user)) {
                    listener.missedGroups(place.millis());
                }
            }
            return false;
        }
        if (entries.isEmpty()) {
            return audience.goLive();
        }
        for (var entry : whole(entries)) {
            audience.tell(entry);
        }
        audience.passed(Place.of(entries.getLast()));
        return entries.size() < PAGE && audience.goLive();
    }

    /** Nothing is handed to them before their memberships were read. */
    private void lookWhoLeft(GroupAudience audience, GroupAudience.Step step) {
        var changed = large.changedSince(audience.conversation(), step.departedKnown(), step.users());
        for (var user : changed) {
            audience.suspend(user);
            look.accept(user);
        }
        audience.departuresKnown(step.departedSeen());
    }

    /** Whole ones; messages without what they answer, which not everyone may see. */
    private List<Entry> whole(List<Entry> entries) {
        return References.resolve(entries, messages, unused -> Long.MAX_VALUE);
    }
}
