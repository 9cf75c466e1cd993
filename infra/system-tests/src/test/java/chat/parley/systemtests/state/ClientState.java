package chat.parley.systemtests.state;

import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Person;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A client written from {@code docs/protocol.md} alone: it fetches what its person may see and then follows the events. Where the page says "read it", it
 * reads by REST: a conversation that it comes into.
 */
final class ClientState {
    private static final int PAGE = 200;
    private static final int MEMBERS_SHOWN = 20;

    /** The order of a message's fields. */
    private static final List<String> FIELDS = List.of(
            "id",
            "conversation_id",
            "seq",
            "sender_id",
            "client_message_id",
            "type",
            "text",
            "created_at",
            "version",
            "media",
            "reply_to",
            "mentions",
            "metadata",
            "system",
            "reactions",
            "edited_at",
            "deleted_at");

    private final Person person;
    private final Map<String, Room> rooms = new TreeMap<>();

    /** One conversation as this client knows it. */
    private static final class Room {
        /** The conversation's own fields, without members, counts, last message and {@code me}. */
        final ObjectNode fields;

        final ObjectNode me;
        final Map<String, ObjectNode> members = new TreeMap<>();
        final TreeMap<Long, ObjectNode> messages = new TreeMap<>();
        /** Versions of the messages told whole. */
        final Map<Long, Integer> objectVersions = new TreeMap<>();

        /** The newest reactions told by events of their own. */
        final Map<Long, JsonNode> reactions = new TreeMap<>();

        final Map<String, String> memberTimes = new TreeMap<>();
        String updatedAt = "";

        Room(ObjectNode fields, ObjectNode me) {
            this.fields = fields;
            this.me = me;
        }

        int objectVersion(long seq) {
            var message = messages.get(seq);
            return message == null
                    ? 0
                    : objectVersions.getOrDefault(seq, message.get("version").intValue());
        }
    }

    private ClientState(Person person) {
        this.person = person;
    }

    /** Everything, by REST. */
    static ClientState fetch(Person person) throws IOException, InterruptedException {
        var state = new ClientState(person);
        for (var conversation : state.all("/v1/conversations?limit=" + PAGE)) {
            state.enter(conversation);
        }
        return state;
    }

    private void enter(JsonNode conversation) throws IOException, InterruptedException {
        var id = conversation.get("id").textValue();
        var fields = (ObjectNode) conversation.deepCopy();
        var me = (ObjectNode) fields.remove("me");
        fields.remove(List.of("members", "member_count", "last_seq", "last_message"));
        var room = new Room(fields, me);
        for (var member : all("/v1/conversations/" + id + "/members?limit=" + PAGE)) {
            room.members.put(member.get("user_id").textValue(), (ObjectNode) member);
        }
        for (var message : all("/v1/conversations/" + id + "/messages?after=0&limit=" + PAGE)) {
            room.messages.put(message.get("seq").longValue(), (ObjectNode) message);
        }
        rooms.put(id, room);
    }

    private List<JsonNode> all(String path) throws IOException, InterruptedException {
        var items = new ArrayList<JsonNode>();
        String next = path;
        while (next != null) {
            var answer = person.api().call("GET", next, person.token(), null);
            if (answer.statusCode() != 200) {
                throw new AssertionError(next + ": " + answer.statusCode() + " " + answer.body());
            }
            var page = Api.json(answer.body());
            page.get("items").forEach(items::add);
            var after = page.get("after");
            next = after == null ? null : path.replace("after=0&", "") + "&after=" + after.textValue();
        }
        return items;
    }

    /** Follows one event. */
    void apply(JsonNode event) throws IOException, InterruptedException {
        var type = event.get("type").textValue();
        var conversation = event.path("conversation_id").asText();
        var data = event.path("data");
        var time = event.get("time").textValue();
        switch (type) {
            case "conversation.created", "conversation.updated" -> {
                enterIfNew(conversation);
                updated(rooms.get(conversation), data, time);
            }
            case "member.joined", "member.updated" -> memberSet(conversation, data, time);
            case "member.left" -> memberLeft(conversation, data, time);
            case "message.created", "message.edited", "message.deleted" -> message(rooms.get(conversation), data);
            case "reaction.added", "reaction.removed" -> reaction(rooms.get(conversation), data);
            case "read.advanced" -> mark(rooms.get(conversation), data, "read_seq");
            case "delivered.advanced" -> mark(rooms.get(conversation), data, "delivered_seq");
            default -> {} // clients ignore what they do not know
        }
    }

    private void enterIfNew(String conversation) throws IOException, InterruptedException {
        if (rooms.containsKey(conversation)) {
            return;
        }
        var answer = person.api().call("GET", "/v1/conversations/" + conversation, person.token(), null);
        if (answer.statusCode() == 404) {
            return; // left since
        }
        if (answer.statusCode() != 200) {
            throw new AssertionError(answer.statusCode() + " " + answer.body());
        }
        var read = Api.json(answer.body());
        if (read.has("me")) {
            enter(read);
        }
    }

    private static void updated(@Nullable Room room, JsonNode data, String time) {
        if (room == null || time.compareTo(room.updatedAt) < 0) {
            return;
        }
        room.updatedAt = time;
        var fields = (ObjectNode) data.deepCopy();
        fields.remove(List.of("members", "member_count", "last_seq"));
        room.fields.removeAll();
        room.fields.setAll(fields);
    }

    private void memberSet(String conversation, JsonNode data, String time) throws IOException, InterruptedException {
        var user = data.get("user_id").textValue();
        if (user.equals(person.id()) && !rooms.containsKey(conversation)) {
            enterIfNew(conversation);
            return;
        }
        var room = rooms.get(conversation);
        if (room == null || isOld(room, user, time)) {
            return;
        }
        var member = (ObjectNode) data.deepCopy();
        var known = room.members.put(user, member);
        if (known != null) {
            for (var mark : List.of("read_seq", "delivered_seq")) {
                member.put(
                        mark,
                        Math.max(known.get(mark).longValue(), member.get(mark).longValue()));
            }
        }
        if (user.equals(person.id())) {
            room.me.put("role", data.get("role").textValue());
        }
    }

    private void memberLeft(String conversation, JsonNode data, String time) {
        var user = data.get("user_id").textValue();
        var room = rooms.get(conversation);
        if (room == null || isOld(room, user, time)) {
            return;
        }
        room.members.remove(user);
        if (user.equals(person.id())) {
            rooms.remove(conversation);
        }
    }

    /** Whether something newer is known of this member: events of members carry times that grow. */
    private static boolean isOld(Room room, String user, String time) {
        var known = room.memberTimes.getOrDefault(user, "");
        var joined = room.members.containsKey(user)
                ? room.members.get(user).get("joined_at").textValue()
                : "";
        if (time.compareTo(known) < 0 || time.compareTo(joined) < 0) {
            return true;
        }
        room.memberTimes.put(user, time);
        return false;
    }

    private static void message(@Nullable Room room, JsonNode data) {
        if (room == null) {
            return;
        }
        long seq = data.get("seq").longValue();
        // Who sends a message has read up to it.
        for (var mark : List.of("read_seq", "delivered_seq")) {
            raise(room, data.get("sender_id").textValue(), mark, seq);
        }
        int version = data.get("version").intValue();
        if (room.objectVersion(seq) >= version) {
            return;
        }
        var reactions = room.reactions.get(seq);
        var message = (ObjectNode) data.deepCopy();
        room.messages.put(seq, message);
        room.objectVersions.put(seq, version);
        if (reactions != null && reactions.get("version").intValue() > version && !data.has("deleted_at")) {
            overlay(room, message, reactions);
        }
    }

    private static void reaction(@Nullable Room room, JsonNode data) {
        if (room == null) {
            return;
        }
        long seq = data.get("seq").longValue();
        int version = data.get("version").intValue();
        var known = room.reactions.get(seq);
        if (known != null && known.get("version").intValue() >= version) {
            return;
        }
        room.reactions.put(seq, data);
        var message = room.messages.get(seq);
        if (message != null && message.get("version").intValue() < version) {
            overlay(room, message, data);
        }
    }

    /** Puts newer reactions into a message, in the contract's order of fields. */
    private static void overlay(Room room, ObjectNode message, JsonNode reactions) {
        message.set("version", reactions.get("version"));
        message.set("reactions", reactions.get("reactions"));
        var ordered = Api.object();
        for (var field : FIELDS) {
            if (message.has(field)
                    && !(field.equals("reactions") && message.get(field).isEmpty())) {
                ordered.set(field, message.get(field));
            }
        }
        room.messages.put(message.get("seq").longValue(), ordered);
    }

    private static void mark(@Nullable Room room, JsonNode data, String mark) {
        if (room != null) {
            raise(room, data.get("user_id").textValue(), mark, data.get("seq").longValue());
            if (mark.equals("read_seq")) {
                raise(
                        room,
                        data.get("user_id").textValue(),
                        "delivered_seq",
                        data.get("seq").longValue());
            }
        }
    }

    private static void raise(Room room, String user, String mark, long seq) {
        var member = room.members.get(user);
        if (member != null) {
            member.put(mark, Math.max(member.get(mark).longValue(), seq));
        }
    }

    /** All of it, one line a thing, in the order in which a page shows it. Two clients that know the same say the same. */
    List<String> lines() {
        var lines = new ArrayList<String>();
        rooms.forEach((id, room) -> {
            var members = room.members.values().stream()
                    .sorted(Comparator.<ObjectNode, String>comparing(
                                    it -> it.get("joined_at").textValue())
                            .thenComparing(it -> it.get("user_id").textValue()))
                    .toList();
            var shown = members.stream()
                    .limit(MEMBERS_SHOWN)
                    .map(it ->
                            it.get("user_id").textValue() + " " + it.get("role").textValue())
                    .toList();
            long last = room.messages.isEmpty() ? 0 : room.messages.lastKey();
            lines.add(sorted(room.fields) + " shows " + shown + " of " + members.size() + " up to " + last);
            var mine = room.members.get(person.id());
            if (mine != null) {
                room.me.set("read_seq", mine.get("read_seq"));
                room.me.set("delivered_seq", mine.get("delivered_seq"));
                room.me.put("unread_count", last - mine.get("read_seq").longValue());
            }
            lines.add(id + " me " + sorted(room.me));
            members.forEach(member -> lines.add(id + " member " + member));
            room.messages.values().forEach(message -> lines.add(message.toString()));
        });
        return lines;
    }

    private static String sorted(ObjectNode node) {
        var fields = new TreeMap<String, String>();
        node.properties()
                .forEach(each -> fields.put(each.getKey(), each.getValue().toString()));
        return fields.toString();
    }
}
