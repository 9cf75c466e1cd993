package chat.parley.stream;

import chat.parley.conversation.Conversations;
import chat.parley.conversation.Member;
import chat.parley.event.Cursor;
import chat.parley.event.EventLog;
import chat.parley.event.Expired;
import chat.parley.event.References;
import chat.parley.event.StreamRead;
import chat.parley.event.Superseded;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageStore;
import chat.parley.ops.StoreUnavailable;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import redis.clients.jedis.HostAndPort;

/** The window in Redis Streams. */
final class RedisWindow implements Window {
    /** The whole of a stream, mostly, which holds some 200 entries: what is superseded at its end must not be told at its beginning. */
    private static final int LOOK_AHEAD = 400;

    private final EventLog log;
    private final MessageStore messages;
    private final Conversations conversations;
    private final Map<HostAndPort, Tags> tags = new ConcurrentHashMap<>();

    RedisWindow(EventLog log, MessageStore messages, Conversations conversations) {
        this.log = log;
        this.messages = messages;
        this.conversations = conversations;
    }

    @Override
    public Optional<Page> after(UserId user, Cursor cursor, int limit) {
        int readLimit = Math.max(limit, LOOK_AHEAD);
        var read = log.read(user, cursor, cursor.tag(), readLimit);
        // The tag after the entries: had Redis been emptied or replaced before they were read, it would differ.
        if (!(read instanceof StreamRead.Unbroken unbroken) || !tag(user).equals(cursor.tag())) {
            return Optional.empty();
        }
        var entries = unbroken.entries();
        if (entries.isEmpty()) {
            return Optional.of(new Page(entries, cursor, false));
        }
        var kept = Superseded.drop(entries);
        boolean all = kept.size() <= limit;
        var page = all ? kept : kept.subList(0, limit);
        var last = all ? entries.getLast() : page.getLast();
        var reached = new Cursor(last.epoch(), last.n(), last.event().timeMillis(), cursor.tag());
        var present = Expired.drop(page, conversations::firstSeqs);
        var whole = References.resolve(present, messages, conversation -> firstVisible(conversation, user));
        return Optional.of(new Page(whole, reached, !all || entries.size() >= readLimit));
    }

    /** Of the server that holds the stream now. */
    private String tag(UserId user) {
        var server = log.server(user);
        if (server == null) {
            throw new StoreUnavailable("redis", new IllegalStateException("nobody is known to hold the stream"));
        }
        return tags.computeIfAbsent(server, it -> new Tags(() -> log.tag(it))).read();
    }

    private long firstVisible(ConversationId conversation, UserId user) {
        return conversations.member(conversation, user).map(Member::joinedSeq).orElse(Long.MAX_VALUE);
    }

    @Override
    public Cursor head(UserId user) {
        // The tag before the head: had Redis changed in between, the cursor would be known for broken.
        return log.head(user, tag(user));
    }
}
