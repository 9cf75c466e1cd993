package chat.parley.systemtests.deployment;

import chat.parley.systemtests.history.History;
import chat.parley.systemtests.process.Device;
import chat.parley.systemtests.process.SharedParley;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Set;
import java.util.TreeSet;

/** The names of all series that the three services serve after some use. */
final class ServedMetrics {
    private ServedMetrics() {}

    static Set<String> names() throws Exception {
        var parley = SharedParley.get();
        use();
        var names = new TreeSet<String>();
        try (var http = HttpClient.newHttpClient()) {
            for (URI address : parley.metrics()) {
                var answer = http.send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofString());
                if (answer.statusCode() != 200) throw new AssertionError(address + " answered " + answer.statusCode());
                answer.body()
                        .lines()
                        .filter(line -> !line.startsWith("#"))
                        .map(line -> line.split("[{ ]", 2)[0])
                        .forEach(names::add);
            }
        }
        return names;
    }

    /** Many meters come with what they count: one message to somebody who is there, who reads it and comes back. */
    private static void use() throws Exception {
        var api = SharedParley.get().api();
        var ann = api.signUp("ann");
        var bob = api.signUp("bob");
        var conversation = ann.direct(bob);
        try (var device = Device.connect(bob, new History().device("bob's", bob.id()))) {
            ann.send(conversation, "1", "hello");
            api.call("PUT", "/v1/conversations/" + conversation + "/read", bob.token(), "{\"seq\":1}");
            api.call("POST", "/v1/conversations/" + conversation + "/typing", ann.token(), null);
        }
    }
}
