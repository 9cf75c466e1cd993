package chat.parley.sendapi.search;

import chat.parley.conversation.Conversations;
import chat.parley.id.ConversationId;
import chat.parley.message.Message;
import chat.parley.message.MessageStore;
import chat.parley.search.Hit;
import chat.parley.search.SearchIndex;
import chat.parley.search.SearchQuery;
import chat.parley.search.Snippet;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds messages. The index names candidates that the reader may see; each is then read and checked, so that what was edited or deleted a moment ago is not found by
 * what it said before.
 */
public final class SearchMessages {
    /** Most looks into the index for one page, should nearly all that it names be gone meanwhile. */
    private static final int LOOKS_MAX = 5;

    private final SearchIndex index;
    private final Conversations conversations;
    private final MessageStore messages;

    /** All are closed by the caller. */
    public SearchMessages(SearchIndex index, Conversations conversations, MessageStore messages) {
        this.index = index;
        this.conversations = conversations;
        this.messages = messages;
    }

    /** A message that was found, and where it says what was looked for. */
    record Found(Message message, Snippet snippet) {}

    /** @param after where the next page begins; null at the end */
    record Page(List<Found> items, @Nullable Hit after) {}

    /** A page; empty when the reader is no member of the conversation asked for. */
    Optional<Page> find(SearchQuery search, @Nullable Hit after, int limit) {
        var only = search.conversation();
        if (only != null && conversations.member(only, search.reader()).isEmpty()) {
            return Optional.empty();
        }
        var found = new ArrayList<Found>();
        var place = after;
        for (int look = 0; look < LOOKS_MAX; look++) {
            var hits = index.find(search, place, limit + 1);
            var read = read(hits);
            for (var hit : hits) {
                var message = read.get(new Name(hit.conversation(), hit.seq()));
                var snippet = message == null
                        ? Optional.<Snippet>empty()
                        : search.words().in(message);
                if (message != null && snippet.isPresent()) {
                    if (found.size() == limit) {
                        return Optional.of(new Page(found, place));
                    }
                    found.add(new Found(message, snippet.get()));
                }
                place = hit;
            }
            if (hits.size() <= limit) {
                return Optional.of(new Page(found, null));
            }
        }
        return Optional.of(new Page(found, place));
    }

    private record Name(ConversationId conversation, long seq) {}

    private Map<Name, Message> read(List<Hit> hits) {
        var seqs = new HashMap<ConversationId, List<Long>>();
        for (var hit : hits) {
            seqs.computeIfAbsent(hit.conversation(), unused -> new ArrayList<>())
                    .add(hit.seq());
        }
        var read = new HashMap<Name, Message>();
        seqs.forEach((conversation, wanted) -> messages.findAll(conversation, wanted)
                .forEach(message -> read.put(new Name(conversation, message.seq()), message)));
        return read;
    }
}
