package chat.parley.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The user a server runs as: ourselves; where we are root (PostgreSQL refuses to run so), the owner of the data folder,
 * and for a new folder {@code nobody}.
 */
final class ServerAccount {
    static final int ROOT = 0;

    /** The overflow id of the kernel, "nobody" on every Linux. initdb wants a user that has a name. */
    private static final int NOBODY = 65534;

    private final int uid;
    private final List<String> switchUser;

    private ServerAccount(int uid, List<String> switchUser) {
        this.uid = uid;
        this.switchUser = switchUser;
    }

    /** Takes the folder into possession for the account and makes sure that the account can reach it and the program. */
    static ServerAccount of(Path folder, Path program) throws IOException {
        Platform.require("setsid", "setpriv", "sh");
        if (currentUid() != ROOT) return new ServerAccount(currentUid(), List.of());
        var owner = ownerOf(folder);
        var uid = owner == ROOT ? NOBODY : owner;
        Files.setAttribute(folder, "unix:uid", uid);
        Files.setAttribute(folder, "unix:gid", uid);

        var plain = List.of("--reuid=" + uid, "--regid=" + uid, "--clear-groups");
        if (reaches(plain, folder, program)) return new ServerAccount(uid, plain);
        // A folder below a home of mode 0700, such as root's own: the one capability that lets the server pass through.
        var passing = new ArrayList<>(plain);
        for (var set : List.of("inh-caps", "ambient-caps", "bounding-set")) {
            passing.add("--" + set + "=-all,+dac_read_search");
        }
        if (reaches(passing, folder, program)) return new ServerAccount(uid, List.copyOf(passing));
        throw new EmbeddedServerException("Started by root, PostgreSQL and Redis run as the user with id " + uid
                + ", who cannot reach " + folder + " or " + program
                + "; choose a data folder (--data) below folders that"
                + " everyone may enter, such as /var/lib, or start as a normal user.");
    }

    /** The server's command line. The kernel sends it the signal when the thread that started it ends, so with the JVM. */
    List<String> command(String deathSignal, List<String> server) {
        // A session of its own: Ctrl-C in a terminal then reaches us only, and we end the servers when all is drained.
        var command = new ArrayList<>(List.of("setsid", "setpriv", "--pdeathsig", deathSignal));
        command.addAll(switchUser);
        command.addAll(server);
        return command;
    }

    /** Gives a file that we made to the server. */
    void own(Path file) throws IOException {
        if (currentUid() != ROOT) return;
        Files.setAttribute(file, "unix:uid", uid);
        Files.setAttribute(file, "unix:gid", uid);
    }

    static int currentUid() throws IOException {
        return ownerOf(Path.of("/proc/self"));
    }

    static int ownerOf(Path file) throws IOException {
        return (int) Files.getAttribute(file, "unix:uid");
    }

    private static boolean reaches(List<String> switchUser, Path folder, Path program) throws IOException {
        var command = new ArrayList<String>();
        command.add("setpriv");
        command.addAll(switchUser);
        command.addAll(
                List.of("sh", "-c", "test -w \"$1\" && test -r \"$2\"", "sh", folder.toString(), program.toString()));
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return ServerProcess.exitCode(process) == 0;
    }
}
