package chat.parley.sendapi.mydata;

import chat.parley.account.Erasures;
import chat.parley.account.Erasures.Erasure;
import chat.parley.conversation.OwnMemberships;
import chat.parley.event.EventLog;
import chat.parley.event.GroupLog;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.media.MediaCatalog;
import chat.parley.media.MediaCollector;
import chat.parley.message.MessageStore;
import chat.parley.outbox.Outbox;
import chat.parley.presence.PresenceLeases;
import chat.parley.push.BackgroundHints;
import chat.parley.push.Devices;
import chat.parley.push.PushChoices;
import chat.parley.push.PushErasure;
import chat.parley.safety.OwnSafety;
import chat.parley.search.SearchIndex;
import chat.parley.sendapi.idempotency.IdempotencyKeys;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What there is to be removed of a person, owner by owner. */
public final class ErasureSteps {
    private static final int PAGE = 100;

    /** Messages changed by one transaction: it holds the conversation's lock for some 20 ms. */
    private static final int MESSAGES = 100;

    /** Streams remembered as done in one round, so that who shares many conversations is looked at once. */
    private static final int SEEN_MAX = 100_000;

    private ErasureSteps() {}

    /**
     * Leaves everything, as a member would: owners hand over, the others are told. In direct conversations too.
     *
     * @param leave ends one membership
     */
    public static ErasureStep memberships(OwnMemberships memberships, BiConsumer<ConversationId, UserId> leave) {
        return (erasure, pace) -> {
            List<ConversationId> page;
            do {
                page = memberships.present(erasure.user(), PAGE);
                for (var conversation : page) {
                    pace.next();
                    leave.accept(conversation, erasure.user());
                }
            } while (!page.isEmpty());
            return true;
        };
    }

    /** What was said, and reactions, wherever the person ever was. The relay tells the others. */
    public static ErasureStep words(OwnMemberships memberships, MessageStore messages) {
        return (erasure, pace) -> {
            inEach(memberships, erasure, pace, conversation -> {
                while (messages.erase(conversation, erasure.user(), erasure.requestedAt(), MESSAGES) > 0) {
                    pace.next();
                }
            });
            return true;
        };
    }

    /** What the person chose and whom they met badly: mutes, bans, blocks, reports by them and of what they said. */
    public static ErasureStep choices(OwnMemberships memberships, OwnSafety safety) {
        return (erasure, pace) -> {
            memberships.forget(erasure.user());
            pace.next();
            safety.erase(erasure.user());
            return true;
        };
    }

    /** First answers that are kept for repeats. */
    public static ErasureStep answers(IdempotencyKeys keys) {
        return (erasure, pace) -> {
            keys.erase(erasure.user());
            return true;
        };
    }

    /**
     * Uploads, with their bytes. Until the collector has removed them all, there is something left.
     *
     * @param collector null where this process has no blobs: then others remove them
     */
    public static ErasureStep media(MediaCatalog catalog, @Nullable MediaCollector collector) {
        return (erasure, pace) -> {
            catalog.forget(erasure.user());
            while (catalog.hasAnythingOf(erasure.user())) {
                pace.next();
                if (collector == null || collector.collect() == 0) {
                    return false;
                }
            }
            return true;
        };
    }

    /** The person's own stream, and what the streams of others and of large groups hold of the person: of everybody who ever shared a conversation. */
    public static ErasureStep streams(OwnMemberships memberships, EventLog events, GroupLog groups) {
        return (erasure, pace) -> {
            events.delete(erasure.user());
            Set<UserId> seen = new HashSet<>();
            inEach(memberships, erasure, pace, conversation -> {
                groups.erase(conversation, erasure.user(), erasure.requestedAt());
                var last = new UserId(0);
                List<UserId> page;
                do {
                    page = memberships.everybody(conversation, last, PAGE);
                    for (var reader : page) {
                        last = reader;
                        if (!reader.equals(erasure.user()) && (seen.size() >= SEEN_MAX || seen.add(reader))) {
                            pace.next();
                            events.erase(reader, erasure.user(), erasure.requestedAt());
                        }
                    }
                } while (page.size() == PAGE);
            });
            return true;
        };
    }

    /** What can be found. */
    public static ErasureStep search(SearchIndex index) {
        return (erasure, pace) -> {
            index.erase(erasure.user());
            return true;
        };
    }

    /** Whether the person is there, was last seen, and how they wanted to appear. */
    public static ErasureStep presence(PresenceLeases leases) {
        return (erasure, pace) -> {
            leases.forget(erasure.user());
            return true;
        };
    }

    /** Jobs to wake the person. */
    public static ErasureStep pushes(PushErasure pushes) {
        return (erasure, pace) -> {
            pushes.erase(erasure.user());
            return true;
        };
    }

    /** Where and how the person can be woken; in PostgreSQL first, after which nobody makes the hints again. */
    public static ErasureStep devices(Devices devices, PushChoices choices, BackgroundHints hints) {
        return (erasure, pace) -> {
            devices.erase(erasure.user());
            choices.erase(erasure.user());
            pace.next();
            hints.erase(erasure.user());
            return true;
        };
    }

    /** Stream tickets drawn in the last moment. */
    public static ErasureStep tickets(Erasures erasures) {
        return (erasure, pace) -> {
            erasures.sweep(erasure.user());
            return true;
        };
    }

    /** Nothing is left to be told to others; notices are messages by then. */
    public static ErasureStep told(Outbox outbox) {
        return (erasure, pace) -> !outbox.hasAnythingOf(erasure.user());
    }

    private static void inEach(
            OwnMemberships memberships, Erasure erasure, ErasureStep.Pace pace, Consumer<ConversationId> work) {
        var last = new ConversationId(0);
        List<OwnMemberships.Own> page;
        do {
            page = memberships.page(erasure.user(), last, PAGE);
            for (var own : page) {
                pace.next();
                last = own.conversation();
                work.accept(last);
            }
        } while (page.size() == PAGE);
    }
}
