package chat.parley.notifier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.conversation.Attention;
import chat.parley.conversation.Conversation;
import chat.parley.conversation.MembersMarks;
import chat.parley.conversation.Notifications;
import chat.parley.conversation.Notifications.Level;
import chat.parley.event.Cursor;
import chat.parley.id.ConversationId;
import chat.parley.id.DeviceId;
import chat.parley.id.UserId;
import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.message.MessageState;
import chat.parley.notifier.Decision.Nothing;
import chat.parley.notifier.Decision.Reason;
import chat.parley.notifier.Decision.Send;
import chat.parley.notifier.Push.Alert;
import chat.parley.push.Device;
import chat.parley.push.DeviceState;
import chat.parley.push.PushJob;
import chat.parley.push.PushJob.Only;
import chat.parley.push.PushJob.Wake;
import chat.parley.push.PushPreferences;
import chat.parley.push.PushPreferences.QuietHours;
import chat.parley.push.PushTarget;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PushDecisionTest {
    private static final UserId ANN = new UserId(1);
    private static final UserId BOB = new UserId(2);
    private static final ConversationId TALK = new ConversationId(9);
    private static final Instant SENT = Instant.parse("2026-11-23T21:00:00Z");
    private static final Instant NOW = SENT.plusSeconds(1);
    private static final Device PHONE = device("phone", DeviceState.BACKGROUND, Locale.ENGLISH);
    private static final Device LAPTOP = device("laptop", DeviceState.FOREGROUND, Locale.ENGLISH);
    private static final QuietHours NIGHT =
            new QuietHours(LocalTime.of(22, 0), LocalTime.of(7, 0), ZoneId.of("Europe/Berlin"));

    private final PushDecision decision = new PushDecision(true);

    /** A case that sends to both devices, and one word about each thing that may be otherwise. */
    record Case(
            @Nullable Attention attention,
            @Nullable Message message,
            WakeFacts.Person person,
            boolean connected,
            @Nullable Only only,
            Instant now) {
        static Case usual() {
            return new Case(
                    direct(6, 6),
                    mentioning(),
                    new WakeFacts.Person(false, false, PushPreferences.DEFAULT, List.of(PHONE, LAPTOP), 3),
                    false,
                    null,
                    NOW);
        }

        Case with(@Nullable Attention other) {
            return new Case(other, message, person, connected, only, now);
        }

        Case saying(@Nullable Message other) {
            return new Case(attention, other, person, connected, only, now);
        }

        Case with(WakeFacts.Person other) {
            return new Case(attention, message, other, connected, only, now);
        }

        Case whileConnected() {
            return new Case(attention, message, person, true, only, now);
        }

        Case only(String device) {
            return new Case(attention, message, person, connected, new Only(new DeviceId(device), 1), now);
        }

        Case at(Instant other) {
            return new Case(attention, message, person, connected, only, other);
        }

        WakeFacts facts() {
            var job = new Wake(BOB, TALK, 7, new Cursor(1, 6, 1, "abc123"), SENT, connected, only);
            return new WakeFacts(job, now, attention, message, "Ann", person);
        }
    }

    static Stream<Arguments> nothing() {
        return Stream.of(
                because(Reason.STALE, it -> it.at(SENT.plus(PushDecision.LIFETIME))),
                because(Reason.NOT_A_MEMBER, it -> it.with((Attention) null)),
                because(
                        Reason.NOT_A_MEMBER,
                        it -> it.with(new Attention(Conversation.Type.GROUP, "G", 3, 8, 7, 7, Notifications.DEFAULT))),
                because(Reason.MESSAGE_GONE, it -> it.saying(null)),
                because(Reason.MESSAGE_GONE, it -> it.saying(deleted())),
                because(Reason.READ, it -> it.with(direct(7, 7))),
                because(Reason.READ, it -> it.with(direct(9, 9)).with(idle())),
                because(Reason.DELIVERED, it -> it.with(direct(6, 7))),
                because(Reason.DELIVERED, it -> it.with(direct(6, 7)).whileConnected()),
                because(Reason.BLOCKED, it -> it.with(person(true, PushPreferences.DEFAULT))),
                because(Reason.MUTED, it -> it.with(muted(NOW.plusMillis(1)))),
                because(Reason.LEVEL, it -> it.with(group(3, Level.NONE)).saying(mentioning(BOB))),
                because(Reason.LEVEL, it -> it.with(group(3, Level.MENTIONS))),
                because(Reason.LEVEL, it -> it.with(group(3, Level.MENTIONS)).saying(mentioning(ANN))),
                because(Reason.QUIET_HOURS, it -> it.with(person(false, new PushPreferences(true, NIGHT)))),
                because(Reason.NO_DEVICE, it -> it.with(devices())),
                because(Reason.NO_DEVICE, it -> it.with(devices(LAPTOP)).whileConnected()),
                because(Reason.NO_DEVICE, it -> it.only("tablet")));
    }

    static Stream<Arguments> sent() {
        return Stream.of(
                to(List.of(PHONE, LAPTOP), it -> it),
                to(List.of(PHONE), Case::whileConnected),
                to(
                        List.of(PHONE, LAPTOP),
                        it -> it.at(SENT.plus(PushDecision.LIFETIME).minusMillis(1))),
                to(List.of(PHONE), it -> it.with(direct(6, 7)).with(idle()).whileConnected()),
                to(List.of(LAPTOP), it -> it.whileConnected().only("laptop")),
                to(List.of(PHONE, LAPTOP), it -> it.with(muted(NOW))),
                to(
                        List.of(PHONE, LAPTOP),
                        it -> it.with(group(3, Level.MENTIONS)).saying(mentioning(BOB))),
                to(
                        List.of(PHONE, LAPTOP),
                        it -> it.with(group(3, Level.MENTIONS)).saying(mentioning(MessageBody.EVERYONE))),
                to(
                        List.of(PHONE, LAPTOP),
                        it -> it.with(person(false, new PushPreferences(true, NIGHT)))
                                .at(SENT.plus(Duration.ofHours(9)))));
    }

    @ParameterizedTest(name = "{index} {0}")
    @MethodSource
    void nothing(Reason reason, UnaryOperator<Case> otherwise) {
        var decided = decision.wake(otherwise.apply(Case.usual()).facts());
        assertEquals(new Nothing(reason), decided);
    }

    @ParameterizedTest(name = "{index} {0}")
    @MethodSource
    void sent(List<Device> devices, UnaryOperator<Case> otherwise) {
        assertEquals(
                devices,
                pushes(decision.wake(otherwise.apply(Case.usual()).facts())).stream()
                        .map(Push::device)
                        .toList());
    }

    @Test
    void a_push_carries_what_wakes_and_where_to_go_on() {
        var alert = alert(Case.usual());
        assertEquals("Ann", alert.title());
        assertEquals("Good evening, Bob", alert.body());
        assertEquals(3, alert.badge());
        assertEquals(SENT.plus(PushDecision.LIFETIME), alert.expiresAt());
        assertEquals(new Push.Origin(TALK, 7), alert.origin());
        assertEquals(new Cursor(1, 6, 1, "abc123"), alert.resumeFrom());
        assertEquals(TALK.toString(), alert.collapseKey());
        assertTrue(alert.urgent());
    }

    @Test
    void in_a_group_the_title_is_the_group_and_the_words_are_somebodys() {
        var alert = alert(Case.usual().with(group(3, Level.ALL)));
        assertEquals("The \u201cgroup\u201d", alert.title());
        assertEquals("Ann: Good evening, Bob", alert.body());
    }

    @Test
    void a_large_group_wakes_without_hurry_unless_it_means_you() {
        var large = group(MembersMarks.TOLD_MEMBERS_MAX + 1, Level.ALL);
        assertEquals(false, alert(Case.usual().with(large)).urgent());
        assertEquals(
                true, alert(Case.usual().with(large).saying(mentioning(BOB))).urgent());
        assertEquals(
                true,
                alert(Case.usual().with(group(MembersMarks.TOLD_MEMBERS_MAX, Level.ALL)))
                        .urgent());
    }

    @Test
    void who_wants_no_preview_gets_that_there_is_something_and_where_to_go_on() {
        var hidden = new PushPreferences(false, null);
        for (var alert : List.of(alert(Case.usual().with(person(false, hidden))), (Alert)
                pushes(new PushDecision(false).wake(Case.usual().facts())).getFirst())) {
            assertEquals("New message", alert.title());
            assertEquals("", alert.body());
            assertNull(alert.origin());
            assertEquals("new", alert.collapseKey());
            assertEquals(new Cursor(1, 6, 1, "abc123"), alert.resumeFrom());
            assertTrue(PushData.of(alert).values().stream().noneMatch(TALK.toString()::equals));
        }
    }

    @Test
    void pictures_and_files_have_words_in_the_reader_s_language() {
        var german = device("handy", DeviceState.BACKGROUND, Locale.forLanguageTag("de-AT"));
        var danish = device("mobil", DeviceState.BACKGROUND, Locale.forLanguageTag("da"));
        var picture = message(new MessageBody(MessageBody.Type.IMAGE, null, "[]", null, List.of(), null, null));
        var pushes = pushes(decision.wake(
                Case.usual().with(devices(german, danish)).saying(picture).facts()));
        assertEquals(
                List.of("Bild", "Picture"),
                pushes.stream().map(push -> ((Alert) push).body()).toList());
    }

    @Test
    void line_ends_and_controls_are_blanks_and_long_texts_are_cut_between_characters() {
        assertEquals(
                "a b c",
                alert(Case.usual().saying(said("a\r\n\tb\u2028\u0000c "))).body());
        String family = "\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67";
        assertEquals(
                family.repeat(500) + "\u2026",
                alert(Case.usual().saying(said(family.repeat(501)))).body());
    }

    @Test
    void quiet_hours_are_the_person_s_own_and_may_go_over_midnight() {
        assertTrue(NIGHT.cover(Instant.parse("2026-11-23T21:00:00Z")), "22:00 in Berlin");
        assertTrue(NIGHT.cover(Instant.parse("2026-11-24T05:59:59Z")));
        assertEquals(false, NIGHT.cover(Instant.parse("2026-11-24T06:00:00Z")), "07:00 in Berlin");
        assertEquals(false, NIGHT.cover(Instant.parse("2026-07-23T06:30:00Z")), "08:30 there in summer");
        var nap = new QuietHours(LocalTime.of(13, 0), LocalTime.of(14, 0), ZoneId.of("Asia/Tokyo"));
        assertTrue(nap.cover(Instant.parse("2026-11-23T04:00:00Z")));
        assertEquals(false, nap.cover(Instant.parse("2026-11-23T05:00:00Z")));
    }

    @Test
    void a_clear_goes_to_devices_in_the_background() {
        var job = new PushJob.Clear(BOB, TALK, 7, SENT, null);
        var person = person(false, PushPreferences.DEFAULT);
        assertEquals(
                List.of(new Push.Clear(PHONE, 3, SENT.plus(PushDecision.LIFETIME), TALK, 7)),
                pushes(decision.clear(job, NOW, person)));
        assertEquals(new Nothing(Reason.NO_DEVICE), decision.clear(job, NOW, devices(LAPTOP)));
        assertEquals(new Nothing(Reason.STALE), decision.clear(job, SENT.plus(PushDecision.LIFETIME), person));
    }

    @Test
    void without_names_only_the_last_clear_goes_out() {
        var job = new PushJob.Clear(BOB, TALK, 7, SENT, null);
        var hidden = new PushPreferences(false, null);
        assertEquals(new Nothing(Reason.NOT_SHOWN), decision.clear(job, NOW, person(false, hidden)));
        var allRead = new WakeFacts.Person(false, false, hidden, List.of(PHONE), 0);
        var clear = assertInstanceOf(
                Push.Clear.class, pushes(decision.clear(job, NOW, allRead)).getFirst());
        assertNull(clear.conversation());
        assertEquals("new", clear.collapseKey());
    }

    @Test
    void a_test_goes_to_its_device_whatever_else_holds() {
        var job = new PushJob.Test(BOB, SENT, new Only(new DeviceId("laptop"), 0));
        var person = person(false, new PushPreferences(false, NIGHT));
        var alert = assertInstanceOf(
                Alert.class, pushes(decision.test(job, NOW, person)).getFirst());
        assertEquals(LAPTOP, alert.device());
        assertEquals("test", PushData.of(alert).get("type"));
    }

    private Alert alert(Case each) {
        return assertInstanceOf(Alert.class, pushes(decision.wake(each.facts())).getFirst());
    }

    private static List<Push> pushes(Decision decided) {
        return assertInstanceOf(Send.class, decided).pushes();
    }

    private static Arguments because(Reason reason, UnaryOperator<Case> otherwise) {
        return Arguments.of(reason, otherwise);
    }

    private static Arguments to(List<Device> devices, UnaryOperator<Case> otherwise) {
        return Arguments.of(devices, otherwise);
    }

    private static Attention attention(
            Conversation.Type type, int members, long read, long delivered, Level level, @Nullable Instant muted) {
        String name = type == Conversation.Type.DIRECT ? null : "The \u201cgroup\u201d";
        return new Attention(type, name, members, 1, read, delivered, new Notifications(level, muted));
    }

    private static Attention direct(long read, long delivered) {
        return attention(Conversation.Type.DIRECT, 2, read, delivered, Level.ALL, null);
    }

    private static Attention muted(Instant until) {
        return attention(Conversation.Type.DIRECT, 2, 6, 6, Level.ALL, until);
    }

    private static Attention group(int members, Level level) {
        return attention(Conversation.Type.GROUP, members, 6, 6, level, null);
    }

    private static WakeFacts.Person person(boolean isBlocked, PushPreferences preferences) {
        return new WakeFacts.Person(isBlocked, false, preferences, List.of(PHONE, LAPTOP), 3);
    }

    private static WakeFacts.Person idle() {
        return new WakeFacts.Person(false, true, PushPreferences.DEFAULT, List.of(PHONE, LAPTOP), 3);
    }

    private static WakeFacts.Person devices(Device... devices) {
        return new WakeFacts.Person(false, false, PushPreferences.DEFAULT, List.of(devices), 3);
    }

    private static Message said(String text) {
        return message(MessageBody.text(text));
    }

    private static Message mentioning(UserId... mentions) {
        return message(
                new MessageBody(MessageBody.Type.TEXT, "Good evening, Bob", null, null, List.of(mentions), null, null));
    }

    private static Message message(MessageBody body) {
        return new Message(TALK, 7, ANN, "k", body, SENT, MessageState.NEW);
    }

    private static Message deleted() {
        var gone = new MessageState(2, null, null, SENT, SENT);
        return new Message(TALK, 7, ANN, "k", MessageBody.text("gone"), SENT, gone);
    }

    private static Device device(String id, DeviceState state, Locale locale) {
        return new Device(BOB, new DeviceId(id), new PushTarget.Fcm("token of " + id), locale, state, SENT);
    }
}
