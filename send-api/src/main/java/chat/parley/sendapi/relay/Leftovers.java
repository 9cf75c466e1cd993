package chat.parley.sendapi.relay;

import chat.parley.id.ConversationId;
import chat.parley.message.MessageStore;
import chat.parley.message.MessageStore.Overdue;
import chat.parley.ops.StoreUnavailable;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the store of messages itself remembers as perhaps unpublished: offered again, with all pushes, and what became of messages. A conversation is offered once from its oldest
 * on, however often it is named: streams know their last entries only, and would take older ones again.
 */
final class Leftovers {
    private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);

    /** Of one look, some 100 bytes each: what thousands of conversations leave in the minutes that a failover takes. */
    private static final int ROWS_MAX = 160_000;

    private final MessageStore messages;
    private final Offers offers;
    private final Counter relayed;
    private final AtomicLong rows = new AtomicLong();

    Leftovers(MessageStore messages, Offers offers, MeterRegistry meters) {
        this.messages = messages;
        this.offers = offers;
        this.relayed = meters.counter("parley.relay.published");
        meters.gauge("parley.messages.left.rows", rows);
    }

    /** One look; true where another one should follow at once. */
    boolean settle(Instant now, BooleanSupplier isEnding) {
        var overdue = messages.overdue(now, ROWS_MAX);
        rows.set(overdue.size());
        var byConversation = new LinkedHashMap<ConversationId, List<Overdue>>(); // those that wait longest first
        overdue.forEach(each -> byConversation
                .computeIfAbsent(each.conversation(), unused -> new ArrayList<>())
                .add(each));
        boolean isAnySettled = false;
        for (var left : byConversation.entrySet()) {
            if (isEnding.getAsBoolean()) {
                return false;
            }
            if (isOffered(left.getKey(), left.getValue().getFirst().since())) {
                messages.settle(left.getValue());
                relayed.increment(left.getValue().size());
                isAnySettled = true;
            }
        }
        return isAnySettled && overdue.size() == ROWS_MAX;
    }

    /** False where it must wait: others need not. */
    private boolean isOffered(ConversationId conversation, Instant since) {
        try {
            return messages.complete(conversation, since)
                    && offers.messages(conversation, since, user -> true, toWake -> true)
                    && offers.changes(conversation, since);
        } catch (StoreUnavailable e) {
            throw e;
        } catch (RuntimeException e) {
            LOG.error("what {} may have unpublished cannot be published: {}", conversation, e.toString());
            return false;
        }
    }
}
