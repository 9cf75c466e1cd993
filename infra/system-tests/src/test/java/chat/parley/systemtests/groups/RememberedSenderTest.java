package chat.parley.systemtests.groups;

import chat.parley.systemtests.groups.GroupWorld.Person;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who wrote in a large group is remembered as one who may. What changed since is noticed when the next message is stored. */
@Timeout(120)
class RememberedSenderTest extends LargeGroupScene {
    @Test
    void who_left_by_himself_writes_no_more_and_again_when_he_is_back() throws Exception {
        var group = ann.group(bob, cid, dee);
        isRemembered(bob, group);
        leave(bob, group);
        bob.cannotSay(group, 404);
        ann.add(group, bob);
        isRemembered(bob, group);
    }

    @Test
    void who_was_removed_writes_no_more() throws Exception {
        var group = ann.group(bob, cid, dee);
        isRemembered(bob, group);
        ann.remove(group, bob);
        bob.cannotSay(group, 404);
    }

    @Test
    void where_admins_post_from_now_on_members_do_not() throws Exception {
        var channel = channel("everyone");
        isRemembered(bob, channel);
        isRemembered(ann, channel);
        ann.call("PATCH", "/v1/conversations/" + channel, Map.of("posting", "admins"), 200);
        bob.cannotSay(channel, 403);
        isRemembered(ann, channel);
    }

    @Test
    void an_admin_who_left_and_came_back_as_a_member_is_none() throws Exception {
        var channel = channel("admins");
        ann.call("PATCH", member(channel, bob), Map.of("role", "admin"), 200);
        isRemembered(bob, channel);
        leave(bob, channel);
        bob.call("POST", "/v1/conversations/" + channel + "/join", null, 200);
        bob.cannotSay(channel, 403);
    }

    @Test
    void nor_does_he_call_everyone() throws Exception {
        var channel = channel("everyone");
        ann.call("PATCH", member(channel, bob), Map.of("role", "admin"), 200);
        bob.say(channel, "all of you", Map.of("mentions", List.of("all")));
        isRemembered(bob, channel);
        leave(bob, channel);
        bob.call("POST", "/v1/conversations/" + channel + "/join", null, 200);
        isRemembered(bob, channel);
        var body = Map.of("text", "all", "client_message_id", "again", "mentions", List.of("all"));
        bob.call("POST", "/v1/conversations/" + channel + "/messages", body, 403);
    }

    private String channel(String posting) throws Exception {
        var body = Map.of(
                "type",
                "channel",
                "name",
                "many " + ann.id,
                "public",
                true,
                "posting",
                posting,
                "member_ids",
                List.of(bob.id, cid.id, dee.id));
        return ann.call("POST", "/v1/conversations", body, 201).at("/id").asText();
    }

    private static void isRemembered(Person person, String group) throws Exception {
        person.say(group, "first");
        person.say(group, "second");
    }

    private static void leave(Person person, String group) throws Exception {
        person.call("DELETE", member(group, person), null, 204);
    }

    private static String member(String group, Person person) {
        return "/v1/conversations/" + group + "/members/" + person.id;
    }
}
