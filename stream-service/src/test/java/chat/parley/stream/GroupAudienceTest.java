package chat.parley.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.conversation.LargeGroups;
import chat.parley.event.EncodedEvent;
import chat.parley.event.GroupLog.Place;
import chat.parley.event.LiveFrame.Entry;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import chat.parley.stream.GroupAudience.Seating;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GroupAudienceTest {
    private static final ConversationId GROUP = new ConversationId(7);
    private static final UserId ANN = new UserId(1);
    private static final UserId BOB = new UserId(2);
    private static final LargeGroups.Place MEMBER = new LargeGroups.Place(GROUP, 1, 1);

    private final GroupAudience audience = new GroupAudience(GROUP, unused -> {});

    @BeforeEach
    void followed() {
        audience.confirmed();
        assertTrue(audience.beginWork());
        audience.startAt(new Place(1_000, 100), 0, null);
    }

    @Test
    void who_joins_while_a_page_is_told_is_to_have_read_all_of_it_that_others_were_told() {
        follows(ANN);
        audience.begin(ANN);
        follows(BOB);
        audience.tell(entry(101));
        audience.tell(entry(102));
        assertFalse(audience.join(BOB, MEMBER, new Place(1_000, 101), 0), "102 went to the others");
        assertTrue(audience.join(BOB, MEMBER, new Place(1_000, 102), 0));
    }

    @Test
    void nobody_begins_with_a_membership_that_was_read_before_someone_left() {
        follows(BOB);
        audience.suspend(BOB);
        audience.begin(BOB);
        assertEquals(Seating.NEW, audience.membership(BOB, MEMBER), "nothing was told");

        audience.seat(new Audience(BOB));
        audience.membership(BOB, MEMBER);
        audience.begin(BOB);
        assertEquals(Seating.SAME, audience.membership(BOB, MEMBER), "looked at again");

        audience.suspend(BOB);
        assertTrue(audience.join(BOB, MEMBER, new Place(1_000, 100), 0), "the next look goes on");
        assertEquals(Seating.SUSPENDED, audience.membership(BOB, MEMBER));
        assertEquals(new Place(1_000, 100), audience.told(BOB));
    }

    @Test
    void who_went_meanwhile_gets_no_seat() {
        audience.seat(new Audience(BOB));
        audience.unseat(BOB);
        assertEquals(Seating.SAME, audience.membership(BOB, MEMBER));
        audience.begin(BOB);
        assertTrue(audience.isEmpty());
    }

    @Test
    void members_are_said_not_to_be_told_until_all_was_told_again() {
        assertTrue(audience.goLive());
        assertEquals(0, audience.awaySince(1_000));
        audience.lost();
        assertEquals(0, audience.awaySince(2_000), "most losses are mended at once");
        for (int second = 3; second < 10; second++) {
            audience.awaySince(second * 1_000L);
        }
        assertEquals(2_000, audience.awaySince(10_000));
        assertFalse(audience.beginWork(), "nobody hears what comes next");
        audience.confirmed();
        assertTrue(audience.beginWork());
        assertEquals(2_000, audience.awaySince(11_000), "not told yet");
        assertTrue(audience.goLive());
        assertEquals(0, audience.awaySince(12_000));
        assertFalse(audience.isAway());
    }

    private void follows(UserId user) {
        audience.seat(new Audience(user));
        assertEquals(Seating.NEW, audience.membership(user, MEMBER));
    }

    private static Entry entry(long n) {
        return new Entry(
                1_000, n, new EncodedEvent("message.created", "m:" + GROUP + ":" + n + ":1", 1_000, new byte[0]));
    }
}
