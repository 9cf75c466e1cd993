package chat.parley.systemtests.fleet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.systemtests.process.Api;
import chat.parley.systemtests.process.Device;
import chat.parley.systemtests.process.Scene;
import java.util.HashSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** People on a fleet whose processes die and leave: whoever was at one goes on at another. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class FleetTest {
    private Fleet fleet;
    private Api api;
    private Scene scene;

    @BeforeAll
    void startFleet() throws Exception {
        fleet = Fleet.start();
        api = fleet.api();
    }

    @AfterAll
    void stopFleet() throws Exception {
        fleet.close();
    }

    @BeforeEach
    void startScene() throws Exception {
        scene = Scene.start(api);
    }

    @AfterEach
    void stopScene() throws Exception {
        scene.close();
    }

    @Test
    void one_of_each_service_dies_with_its_clients_and_the_others_serve_them() throws Exception {
        var before = scene.devices().stream().map(Device::caughtUp).toList();
        fleet.streams().getFirst().kill();
        fleet.sendApis().getFirst().kill();
        fleet.notifiers().getFirst().kill();
        scene.awaitAcknowledged(100);
        scene.settle(); // while they are still dead
        var devices = scene.devices();
        int moved = 0;
        for (int i = 0; i < devices.size(); i++) {
            moved += devices.get(i).caughtUp() > before.get(i) ? 1 : 0;
            assertEquals(0, devices.get(i).trace().resumed("reset"));
        }
        assertTrue(moved > 0 && moved < devices.size(), moved + " of " + devices.size() + " were at the dead node");
        fleet.streams().getFirst().restart();
        fleet.sendApis().getFirst().restart();
        fleet.notifiers().getFirst().restart();
    }

    @Test
    void a_rolling_restart_of_everything_loses_nothing_and_refuses_nobody() throws Exception {
        var ids = new HashSet<String>();
        for (var process : fleet.all()) {
            assertEquals(0, process.terminate(), process::log);
            scene.awaitAcknowledged(10);
            process.restart();
            scene.awaitAcknowledged(10);
            assertTrue(ids.add(api.signUp("new").id()));
        }
        scene.settle();
        assertEquals(0, scene.refused(), "answers that do not say: try again");
        for (var device : scene.devices()) assertEquals(0, device.trace().resumed("reset"));
    }
}
