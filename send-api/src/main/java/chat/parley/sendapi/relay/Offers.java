package chat.parley.sendapi.relay;

import chat.parley.event.EventLog;
import chat.parley.event.Publication;
import chat.parley.event.PublishOutcome.Published;
import chat.parley.event.PublishOutcome.ToWake;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.ChangedMessage;
import chat.parley.message.Message;
import chat.parley.message.MessageStore;
import chat.parley.push.PushJobs.Later;
import chat.parley.push.PushQueue;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Publishes again what history has, page by page from the oldest on; streams that have it are left alone. */
final class Offers {
    private final Relay.Groups groups;
    private final MessageStore messages;
    private final EventLog events;
    private final PushQueue pushes;

    Offers(Relay.Groups groups, MessageStore messages, EventLog events, PushQueue pushes) {
        this.groups = groups;
        this.messages = messages;
        this.events = events;
        this.pushes = pushes;
    }

    /**
     * Offers all messages that were stored then or later, as they stand.
     *
     * @param lost who may lack something
     * @param wakes whom a push is queued for
     * @return false when Redis went away meanwhile
     */
    boolean messages(ConversationId conversation, Instant since, Predicate<UserId> lost, Predicate<ToWake> wakes) {
        var materials = materials();
        long last = firstSince(conversation, since) - 1;
        List<Message> page;
        do {
            page = messages.after(conversation, last, MessageStore.LIMIT_MAX);
            if (!areOffered(page, materials, lost, wakes)) {
                return false;
            }
            last = page.isEmpty() ? last : page.getLast().seq();
        } while (page.size() == MessageStore.LIMIT_MAX);
        return true;
    }

    /** The seq of the first message that was stored then or later, or the one after the last. */
    private long firstSince(ConversationId conversation, Instant since) {
        // Times never go back within a conversation, so the first older message, from the newest on, ends the search.
        long first = Long.MAX_VALUE;
        List<Message> page;
        do {
            page = messages.before(conversation, first, MessageStore.LIMIT_MAX);
            for (var message : page) {
                if (message.createdAt().isBefore(since)) {
                    return message.seq() + 1;
                }
                first = message.seq();
            }
        } while (page.size() == MessageStore.LIMIT_MAX);
        return first;
    }

    private boolean areOffered(
            List<Message> page, Materials materials, Predicate<UserId> lost, Predicate<ToWake> wakes) {
        var of = new ArrayList<Message>();
        var publications = new ArrayList<Publication>();
        for (var message : page) {
            for (var publication : materials.messages(message)) {
                publications.add(publication.toThose(lost));
                of.add(message);
            }
        }
        var outcomes = events.publish(publications);
        var jobs = new ArrayList<Later>();
        for (int i = 0; i < outcomes.size(); i++) {
            if (!(outcomes.get(i) instanceof Published published)) {
                return false;
            }
            var woken = published.toWake().stream().filter(wakes).toList();
            jobs.addAll(pushes.jobs(of.get(i), woken));
        }
        return pushes.add(jobs).join();
    }

    /** Offers what became then or later of messages that were stored before; false when Redis went away meanwhile. */
    boolean changes(ConversationId conversation, Instant since) {
        var materials = materials();
        var from = since;
        while (true) {
            var page = messages.changedSince(List.of(conversation), from, MessageStore.SINCE_LIMIT_MAX);
            var seqs = page.stream().map(ChangedMessage::seq).toList();
            for (int next = 0; next < seqs.size(); next += MessageStore.LIMIT_MAX) {
                var some = seqs.subList(next, Math.min(next + MessageStore.LIMIT_MAX, seqs.size()));
                if (!areChangesOffered(messages.findAll(conversation, some), materials)) {
                    return false;
                }
            }
            // Few changes have the same time, so that a page always ends later than it began.
            if (page.size() < MessageStore.SINCE_LIMIT_MAX) {
                return true;
            }
            from = page.getLast().at();
        }
    }

    private boolean areChangesOffered(List<Message> changed, Materials materials) {
        var publications = new ArrayList<Publication>();
        for (var message : changed) {
            var at = message.state().changedAt();
            if (at != null) {
                publications.add(materials.changed(message, at));
            }
        }
        return events.publish(publications).stream().allMatch(Published.class::isInstance);
    }

    private Materials materials() {
        return new Materials(groups.conversations(), groups.large(), messages);
    }
}
