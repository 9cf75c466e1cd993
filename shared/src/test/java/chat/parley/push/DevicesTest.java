package chat.parley.push;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.id.DeviceId;
import chat.parley.id.SessionId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.push.PushTarget.Apns;
import chat.parley.push.PushTarget.ApnsEnvironment;
import chat.parley.push.PushTarget.Fcm;
import chat.parley.push.PushTarget.WebPush;
import chat.parley.testkit.RealPostgres;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DevicesTest {
    @RegisterExtension
    static final RealPostgres POSTGRES = RealPostgres.fresh();

    private static final Duration HOUR = Duration.ofHours(1);
    private static final UserId NOBODY = new UserId(0);

    private final PushWorld world = new PushWorld(POSTGRES);
    private final Devices devices = world.devices;

    @AfterEach
    void close() {
        world.close();
    }

    @Test
    void what_was_registered_comes_back_whole_for_each_vendor() {
        var user = world.person();
        var phone = put(user, "phone", new Fcm("fcm-\"token\""), Locale.forLanguageTag("pt-BR"));
        world.clock.advance(Duration.ofSeconds(1));
        var tablet = put(user, "tablet", new Apns("ab12", ApnsEnvironment.SANDBOX, "chat.example"), Locale.ENGLISH);
        world.clock.advance(Duration.ofSeconds(1));
        var web = new WebPush(URI.create("https://push.example/a%20b?c=d"), "BKey", "auth");
        var browser = put(user, "browser", web, Locale.GERMANY);
        assertEquals(List.of(browser, tablet, phone), devices.of(user));
        assertEquals(world.clock.instant(), devices.of(user).getFirst().registeredAt());
    }

    @Test
    void registering_again_renews_and_replaces_the_target() {
        var user = world.person();
        assertInstanceOf(PutOutcome.Created.class, world.put(user, "phone", "token-1"));
        world.clock.advance(HOUR);
        var renewed = assertInstanceOf(PutOutcome.Renewed.class, world.put(user, "phone", "token-2"));
        assertEquals(List.of(renewed.device()), devices.of(user));
        assertEquals(new Fcm("token-2"), renewed.device().target());
        assertEquals(world.clock.instant(), renewed.device().registeredAt());
    }

    @Test
    void a_target_belongs_to_whoever_registered_it_last() {
        var first = world.person();
        var second = world.person();
        assertEquals(Set.of(), world.put(first, "phone", "shared-token").formerOwners());
        var taken = assertInstanceOf(PutOutcome.Created.class, world.put(second, "my-phone", "shared-token"));
        assertEquals(Set.of(first), taken.formerOwners());
        assertEquals(List.of(), devices.of(first));
        assertEquals(List.of(taken.device()), devices.of(second));
        var moved = assertInstanceOf(PutOutcome.Created.class, world.put(second, "renamed", "shared-token"));
        assertEquals(Set.of(), moved.formerOwners());
        assertEquals(List.of(moved.device()), devices.of(second));
    }

    @Test
    void equal_addresses_of_different_vendors_are_different_targets() {
        var user = world.person();
        world.put(user, "android", "abcdef");
        put(user, "apple", new Apns("abcdef", ApnsEnvironment.PRODUCTION, "chat.example"), Locale.ENGLISH);
        assertEquals(2, devices.of(user).size());
    }

    @Test
    void the_device_registered_longest_ago_makes_room_for_one_too_many() {
        var user = world.person();
        var other = world.person();
        world.put(other, "phone", "room-other");
        for (int i = 0; i < Devices.PER_USER_MAX; i++) {
            world.put(user, "d" + i, "room-" + i);
            world.clock.advance(Duration.ofSeconds(1));
        }
        world.put(user, "d0", "room-0"); // renewed: no longer the oldest, and not one more
        assertEquals(Devices.PER_USER_MAX, devices.of(user).size());
        world.clock.advance(Duration.ofSeconds(1));
        world.put(user, "newest", "room-newest");
        var left = new HashSet<>(
                devices.of(user).stream().map(it -> it.id().text()).toList());
        var expected = new HashSet<>(Set.of("newest", "d0"));
        IntStream.range(2, Devices.PER_USER_MAX).forEach(i -> expected.add("d" + i));
        assertEquals(expected, left);
        assertEquals(1, devices.of(other).size());
    }

    @Test
    void devices_are_in_force_as_long_as_their_login_is() {
        var user = world.person();
        var ending = world.session(user, HOUR);
        var expiring = world.session(user, HOUR.multipliedBy(2));
        var lasting = world.session(user, HOUR.multipliedBy(9));
        register(user, "ending", ending);
        register(user, "expiring", expiring);
        register(user, "lasting", lasting);
        register(user, "outside", null);
        assertEquals(Set.of("ending", "expiring", "lasting", "outside"), idsOf(user));
        world.end(ending);
        assertEquals(Set.of("expiring", "lasting", "outside"), idsOf(user));
        assertFalse(devices.setState(user, new DeviceId("ending"), DeviceState.FOREGROUND));
        world.clock.advance(HOUR.multipliedBy(2));
        assertEquals(Set.of("lasting", "outside"), idsOf(user));
        world.delete(lasting);
        assertEquals(Set.of("outside"), idsOf(user));
    }

    @Test
    void devices_of_many_people_come_in_one_answer_and_those_of_others_do_not() {
        var one = world.person();
        var two = world.person();
        var none = world.person();
        var stranger = world.person();
        world.put(one, "a", "many-a");
        world.put(one, "b", "many-b");
        world.put(two, "a", "many-c");
        world.put(stranger, "a", "many-d");
        var found = devices.of(List.of(one, two, none));
        assertEquals(Set.of(one, two), found.keySet());
        assertEquals(devices.of(one), found.get(one));
        assertEquals(2, devices.of(one).size());
        assertEquals(devices.of(two), found.get(two));
    }

    @Test
    void owners_are_those_of_the_asked_who_have_a_device() {
        var ann = world.person();
        var bob = world.person();
        var eve = world.person();
        world.put(ann, "phone", "token of ann");
        world.put(ann, "tablet", "another token of ann");
        world.put(eve, "phone", "token of eve");
        assertEquals(Set.of(ann), world.devices.owners(List.of(ann, bob)));
        assertEquals(Set.of(), world.devices.owners(List.of(bob)));
        assertEquals(Set.of(), world.devices.owners(List.of()));
    }

    @Test
    void people_are_in_the_background_while_one_of_their_devices_in_force_is() {
        var user = world.person();
        var session = world.session(user, HOUR);
        register(user, "phone", session);
        world.put(user, "tablet", "background-tablet");
        assertTrue(devices.isAnyInBackground(user));
        assertTrue(devices.setState(user, new DeviceId("tablet"), DeviceState.FOREGROUND));
        assertTrue(devices.isAnyInBackground(user), "the phone is");
        world.end(session);
        assertFalse(devices.isAnyInBackground(user), "the phone is logged out");
        assertTrue(devices.setState(user, new DeviceId("tablet"), DeviceState.BACKGROUND));
        assertTrue(devices.isAnyInBackground(user));
        assertFalse(devices.setState(user, new DeviceId("missing"), DeviceState.BACKGROUND));
        assertFalse(devices.setState(world.person(), new DeviceId("tablet"), DeviceState.BACKGROUND));
    }

    @Test
    void those_in_the_background_are_listed_by_pages_once_each() {
        var people = new ArrayList<UserId>();
        for (int i = 0; i < 5; i++) {
            var user = world.person();
            people.add(user);
            world.put(user, "one", "pages-one-" + i);
            world.put(user, "two", "pages-two-" + i);
        }
        var awake = world.person();
        world.put(awake, "one", "pages-awake");
        devices.setState(awake, new DeviceId("one"), DeviceState.FOREGROUND);
        var listed = new ArrayList<UserId>();
        var after = NOBODY;
        List<UserId> page;
        do {
            page = devices.inBackground(after, 2);
            listed.addAll(page);
            after = page.isEmpty() ? after : page.getLast();
        } while (page.size() == 2);
        assertEquals(listed.size(), new HashSet<>(listed).size());
        assertTrue(listed.containsAll(people));
        assertFalse(listed.contains(awake));
    }

    @Test
    void a_dead_target_is_forgotten_unless_it_was_registered_again_or_replaced() {
        var user = world.person();
        var old = world.put(user, "phone", "dead-1").device();
        var died = world.clock.instant().plusSeconds(5);
        world.clock.advance(Duration.ofSeconds(10));
        var again = world.put(user, "phone", "dead-1").device();
        assertFalse(devices.forget(old, died), "registered after it died");
        var replaced = world.put(user, "phone", "dead-2").device();
        assertFalse(devices.forget(again, world.clock.instant()), "another token by now");
        assertEquals(List.of(replaced), devices.of(user));
        assertTrue(devices.forget(replaced, world.clock.instant()));
        assertEquals(List.of(), devices.of(user));
        assertFalse(devices.forget(replaced, world.clock.instant()));
    }

    @Test
    void a_removed_device_is_gone_and_foreign_ones_stay() {
        var user = world.person();
        var other = world.person();
        world.put(user, "phone", "remove-1");
        world.put(other, "phone", "remove-2");
        assertTrue(devices.remove(user, new DeviceId("phone")));
        assertFalse(devices.remove(user, new DeviceId("phone")));
        assertEquals(1, devices.of(other).size());
        devices.erase(other);
        assertEquals(List.of(), devices.of(other));
    }

    @Test
    void an_erased_person_registers_nothing() {
        var user = world.person();
        world.erase(user);
        assertThrows(StoreUnavailable.class, () -> world.put(user, "phone", "erased"));
        assertEquals(List.of(), devices.of(user));
    }

    @Test
    void registrations_at_the_same_time_leave_one_owner_and_never_fail() throws Exception {
        var people = IntStream.range(0, 4).mapToObj(i -> world.person()).toList();
        try (var pool = Executors.newFixedThreadPool(4)) {
            for (int round = 0; round < 20; round++) {
                var work = new ArrayList<Callable<PutOutcome>>();
                for (int i = 0; i < people.size(); i++) {
                    var user = people.get(i);
                    // Half of them swap two tokens, which is where they could lock each other out.
                    var token = "race-" + (i + round) % 2;
                    work.add(() -> world.put(user, "phone", token));
                }
                for (var done : pool.invokeAll(work)) {
                    done.get();
                }
                var owned = devices.of(people).values().stream()
                        .flatMap(List::stream)
                        .toList();
                assertEquals(2, owned.size());
                assertEquals(2, new HashSet<>(owned.stream().map(Device::target).toList()).size());
            }
        }
    }

    private Device put(UserId user, String id, PushTarget target, Locale locale) {
        return devices.put(user, new DeviceId(id), null, target, locale, DeviceState.FOREGROUND)
                .device();
    }

    private void register(UserId user, String id, @Nullable SessionId session) {
        devices.put(
                user,
                new DeviceId(id),
                session,
                new Fcm(user + id),
                Locale.ENGLISH,
                id.equals("phone") ? DeviceState.BACKGROUND : DeviceState.FOREGROUND);
    }

    private Set<String> idsOf(UserId user) {
        return new HashSet<>(devices.of(user).stream().map(it -> it.id().text()).toList());
    }
}
