package chat.parley.stream;

import chat.parley.conversation.Conversations;
import chat.parley.conversation.Member;
import chat.parley.event.Cursor;
import chat.parley.event.EventLog;
import chat.parley.event.EventLog.Place;
import chat.parley.event.Expired;
import chat.parley.event.LiveFrame.Entry;
import chat.parley.event.References;
import chat.parley.event.StreamRead;
import chat.parley.event.Superseded;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.message.MessageStore;
import chat.parley.ops.StoreUnavailable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.HostAndPort;

/** The window in Redis Streams. */
final class RedisWindow implements Window {
    /** The whole of a stream, mostly, which holds some 200 entries: what is superseded at its end must not be told at its beginning. */
    private static final int LOOK_AHEAD = 400;

    /** What is written at once with the head of an answer: most who were away for a while missed less. */
    private static final int SHORT_BYTES_MAX = 64 * 1024;

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
        var reached = reached(page, cursor);
        var present = Expired.drop(page, conversations::firstSeqs);
        var whole = References.resolve(present, messages, conversation -> firstVisible(conversation, user));
        return Optional.of(new Page(whole, reached, !all || entries.size() >= readLimit));
    }

    @Override
    public List<@Nullable Page> shortPages(List<Place> places, int limit) {
        int readLimit = Math.max(limit, LOOK_AHEAD);
        var server = server(places.getFirst().user());
        var reads = log.readAll(server, places, readLimit);
        String tag = tag(server); // after the entries, as above
        var kept = new ArrayList<@Nullable List<Entry>>(places.size());
        var told = new HashSet<ConversationId>();
        for (int i = 0; i < places.size(); i++) {
            var entries = reads.get(i) instanceof StreamRead.Unbroken unbroken
                            && tag.equals(places.get(i).after().tag())
                            && unbroken.entries().size() < readLimit
                    ? Superseded.drop(unbroken.entries())
                    : null;
            kept.add(entries != null && isShort(entries, limit) ? entries : null);
            if (entries != null) {
                told.addAll(Expired.conversations(entries));
            }
        }
        var firsts = told.isEmpty() ? Map.<ConversationId, Long>of() : conversations.firstSeqs(told);
        var pages = new ArrayList<@Nullable Page>(places.size());
        for (int i = 0; i < places.size(); i++) {
            var entries = kept.get(i);
            pages.add(
                    entries == null
                            ? null
                            : new Page(
                                    Expired.drop(entries, unused -> firsts),
                                    reached(entries, places.get(i).after()),
                                    false));
        }
        return pages;
    }

    /** Whether nothing of it is to be read elsewhere, and it is soon written. */
    private static boolean isShort(List<Entry> entries, int limit) {
        int bytes = 0;
        for (var entry : entries) {
            if (entry.event().isReference()) {
                return false;
            }
            bytes += entry.event().json().length;
        }
        return entries.size() <= limit && bytes <= SHORT_BYTES_MAX;
    }

    /** Where a page ends that reaches to the end of what was read; of what was left out nothing stands last. */
    private static Cursor reached(List<Entry> page, Cursor from) {
        if (page.isEmpty()) {
            return from;
        }
        var last = page.getLast();
        return new Cursor(last.epoch(), last.n(), last.event().timeMillis(), from.tag());
    }

    /** Of the server that holds the stream now. */
    private String tag(UserId user) {
        return tag(server(user));
    }

    private String tag(HostAndPort server) {
        return tags.computeIfAbsent(server, it -> new Tags(() -> log.tag(it))).read();
    }

    private HostAndPort server(UserId user) {
        var server = log.server(user);
        if (server == null) {
            throw new StoreUnavailable("redis", new IllegalStateException("nobody is known to hold the stream"));
        }
        return server;
    }

    private long firstVisible(ConversationId conversation, UserId user) {
        return conversations.member(conversation, user).map(Member::joinedSeq).orElse(Long.MAX_VALUE);
    }

    @Override
    public List<@Nullable Cursor> heads(List<UserId> users) {
        var server = server(users.getFirst());
        return log.heads(server, users, tag(server));
    }

    @Override
    public Cursor head(UserId user) {
        // The tag before the head: had Redis changed in between, the cursor would be known for broken.
        return log.head(user, tag(user));
    }
}
