package chat.parley.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.event.GroupLog.Place;
import chat.parley.id.ConversationId;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The places of groups in the cursor of a poll. */
class GroupPlacesTest {
    @Test
    void a_cursor_carries_the_newest_hundred_places_and_no_more() {
        var places = new HashMap<ConversationId, Place>();
        for (int i = 1; i <= 1_000; i++) {
            places.put(new ConversationId(i), new Place(1_000 + i, i));
        }
        var written = GroupReplay.parse("cursor" + written(places, 0));
        assertEquals(100, written.size());
        written.forEach((conversation, place) -> {
            assertEquals(places.get(conversation), place);
            assertTrue(place.millis() > 1_900);
        });
    }

    @Test
    void what_is_older_is_read_by_time() {
        var one = Map.of(new ConversationId(7), new Place(1_000, 3));
        assertEquals(one, GroupReplay.parse("cursor" + written(one, 999)));
        assertEquals(Map.of(), GroupReplay.parse("cursor" + written(one, 1_000)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1.1", "1.-1", "1.0", ".1", "1.", "!.1", "zzzzzzzzzzzzzzzz.1"})
    void a_place_that_was_never_ours_is_none(String place) {
        assertEquals(Map.of(), GroupReplay.parse("cursor~" + new ConversationId(7) + place));
    }

    private static String written(Map<ConversationId, Place> places, long sinceMillis) {
        return new GroupReplay(GroupReplay.NONE).from(places).written(sinceMillis);
    }
}
