package chat.parley.bench;

import com.nimbusds.jose.JOSEException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Users made on demand, and kept for the next measurement. Confined to one thread. */
final class People {
    /** Calls at the same time: enough to keep the servers busy, and far below any queue's bound. */
    private static final int CONCURRENT = 16;

    private final Deployment deployment;
    private final List<Person> made = new ArrayList<>();

    People(Deployment deployment) {
        this.deployment = deployment;
    }

    /** The first {@code count} people. */
    List<Person> first(int count) throws InterruptedException, ExecutionException {
        var calls = new ArrayList<Callable<Person>>();
        for (int i = made.size(); i < count; i++) {
            int number = i;
            calls.add(() -> meet(number));
        }
        made.addAll(all(calls));
        return List.copyOf(made.subList(0, count));
    }

    /** A direct conversation of each of {@code peers} with one of {@code senders}, who take them in turn; by sender. */
    List<List<Sender.Route>> direct(List<Person> senders, List<Person> peers)
            throws InterruptedException, ExecutionException {
        var calls = new ArrayList<Callable<Sender.Route>>();
        for (int i = 0; i < peers.size(); i++) {
            var sender = senders.get(i % senders.size());
            var peer = peers.get(i);
            calls.add(() -> new Sender.Route(sender, deployment.api().direct(sender, peer)));
        }
        var all = all(calls);
        var bySender = new ArrayList<List<Sender.Route>>();
        for (int first = 0; first < senders.size(); first++) {
            var own = new ArrayList<Sender.Route>();
            for (int i = first; i < all.size(); i += senders.size()) own.add(all.get(i));
            bySender.add(own);
        }
        return bySender;
    }

    private Person meet(int number) throws JOSEException, IOException, InterruptedException {
        return deployment.api().me(deployment.issuer().token(number));
    }

    /** Runs all of {@code calls}, some at a time; their results in order. */
    static <T> List<T> all(List<Callable<T>> calls) throws InterruptedException, ExecutionException {
        try (var threads = Executors.newFixedThreadPool(CONCURRENT)) {
            var results = new ArrayList<T>(calls.size());
            for (Future<T> call : threads.invokeAll(calls)) results.add(call.get());
            return results;
        }
    }
}
