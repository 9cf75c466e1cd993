package chat.parley.notifier;

import chat.parley.account.DisplayNames;
import chat.parley.conversation.Attention;
import chat.parley.conversation.Attentions;
import chat.parley.conversation.Attentions.Follower;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.Message;
import chat.parley.message.MessageStore;
import chat.parley.ops.StoreUnavailable;
import chat.parley.postgres.Postgres;
import chat.parley.presence.PresenceLeases;
import chat.parley.push.Device;
import chat.parley.push.Devices;
import chat.parley.push.PushChoices;
import chat.parley.push.PushJob;
import chat.parley.push.PushJob.Wake;
import chat.parley.push.PushPreferences;
import chat.parley.receipt.UnreadCounts;
import chat.parley.receipt.UnreadCounts.Unread;
import chat.parley.safety.Blocks;
import chat.parley.safety.Blocks.Pair;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads what decides about a handful of jobs: a statement for each kind of fact and one for each conversation, however many jobs there are. Throws
 * {@link StoreUnavailable}. Safe for use by many threads.
 */
final class FactsReader {
    private static final Unread NOTHING_UNREAD = new Unread(0, 0);

    private final Postgres postgres;
    private final MessageStore messages;
    private final Attentions attentions;
    private final DisplayNames names;
    private final UnreadCounts unread;
    private final Devices devices;
    private final PushChoices choices;
    private final PresenceLeases leases;
    private final InstantSource clock;

    /** All are closed by the caller. */
    FactsReader(Postgres postgres, MessageStore messages, Devices devices, PresenceLeases leases, InstantSource clock) {
        this.postgres = postgres;
        this.messages = messages;
        this.devices = devices;
        this.leases = leases;
        this.clock = clock;
        this.attentions = new Attentions(postgres);
        this.names = new DisplayNames(postgres);
        this.unread = new UnreadCounts(postgres);
        this.choices = new PushChoices(postgres);
    }

    /** What was read for some jobs, all at one time. */
    final class Facts {
        private final Instant now = clock.instant();
        private final Map<UserId, List<Device>> devicesOf;
        private final Map<UserId, PushPreferences> preferences;
        private final Map<UserId, Unread> unreadOf;
        private final Set<UserId> idle;
        private final Map<Follower, Attention> attention;
        private final Map<ConversationId, Map<Long, Message>> said;
        private final Map<UserId, String> senders;
        private final Set<Pair> blocking;

        private Facts(Collection<PushJob> jobs) {
            // Whoever has no device needs no further question.
            devicesOf = devices.of(jobs.stream().map(PushJob::user).collect(Collectors.toSet()));
            var users = devicesOf.keySet();
            var wakes = jobs.stream()
                    .filter(Wake.class::isInstance)
                    .map(Wake.class::cast)
                    .filter(wake -> users.contains(wake.user()))
                    .toList();
            preferences = users.isEmpty() ? Map.of() : choices.of(users);
            unreadOf = users.isEmpty() ? Map.of() : unread.of(users);
            idle = users.isEmpty() ? Set.of() : leases.idle(users);
            attention = wakes.isEmpty()
                    ? Map.of()
                    : attentions.of(wakes.stream().map(FactsReader::follower).collect(Collectors.toSet()));
            said = said(wakes);
            var pairs = new HashSet<Pair>();
            for (var wake : wakes) {
                var message = message(wake);
                if (message != null) {
                    pairs.add(new Pair(wake.user(), message.sender()));
                }
            }
            senders = pairs.isEmpty()
                    ? Map.of()
                    : names.of(pairs.stream().map(Pair::other).collect(Collectors.toSet()));
            blocking = pairs.isEmpty() ? Set.of() : Blocks.blocking(postgres, pairs);
        }

        Instant now() {
            return now;
        }

        WakeFacts of(Wake job) {
            var message = message(job);
            boolean isBlocked = message != null && blocking.contains(new Pair(job.user(), message.sender()));
            return new WakeFacts(
                    job,
                    now,
                    attention.get(follower(job)),
                    message,
                    message == null ? null : senders.get(message.sender()),
                    person(job.user(), isBlocked));
        }

        WakeFacts.Person person(UserId user) {
            return person(user, false);
        }

        private WakeFacts.Person person(UserId user, boolean isSenderBlocked) {
            return new WakeFacts.Person(
                    isSenderBlocked,
                    idle.contains(user),
                    preferences.getOrDefault(user, PushPreferences.DEFAULT),
                    devicesOf.getOrDefault(user, List.of()),
                    unreadOf.getOrDefault(user, NOTHING_UNREAD).messages());
        }

        private @Nullable Message message(Wake job) {
            return said.getOrDefault(job.conversation(), Map.of()).get(job.seq());
        }
    }

    /** The facts about {@code jobs}. */
    Facts read(Collection<PushJob> jobs) {
        return new Facts(jobs);
    }

    private Map<ConversationId, Map<Long, Message>> said(List<Wake> wakes) {
        var seqs = new HashMap<ConversationId, Set<Long>>();
        for (var wake : wakes) {
            seqs.computeIfAbsent(wake.conversation(), unused -> new HashSet<>()).add(wake.seq());
        }
        var found = new HashMap<ConversationId, Map<Long, Message>>();
        seqs.forEach((conversation, wanted) -> {
            var bySeq = new HashMap<Long, Message>();
            messages.findAll(conversation, wanted).forEach(message -> bySeq.put(message.seq(), message));
            found.put(conversation, bySeq);
        });
        return found;
    }

    private static Follower follower(Wake wake) {
        return new Follower(wake.user(), wake.conversation());
    }
}
