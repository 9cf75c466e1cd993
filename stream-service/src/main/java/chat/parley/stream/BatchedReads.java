package chat.parley.stream;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * One question of many threads about different things, put to a store for all of them who wait. The answer is never older than the question. Safe for use by many
 * threads.
 */
final class BatchedReads<K, V> {
    /** A crowd's share of a statement costs next to nothing then, and the first does not wait long for the last. */
    private static final int BATCH = 128;

    private final Batches<Question<K, V>> batches;
    private final Function<Collection<K>, Map<K, V>> read;
    private final V none;

    /**
     * @param blocking runs the reads
     * @param read answers for those keys of which there is something to say
     * @param none the answer for the others
     */
    BatchedReads(Executor blocking, Function<Collection<K>, Map<K, V>> read, V none) {
        this.batches = new Batches<>(BATCH, blocking, this::answer);
        this.read = read;
        this.none = none;
    }

    private record Question<K, V>(K key, CompletableFuture<V> answer) {}

    /** Blocks, and throws what the read threw. */
    V ask(K key) {
        var question = new Question<K, V>(key, new CompletableFuture<>());
        batches.add(question);
        return SharedReads.answerOf(question.answer);
    }

    private void answer(List<Question<K, V>> questions) {
        try {
            var answers = read.apply(questions.stream().map(Question::key).collect(Collectors.toSet()));
            questions.forEach(question -> question.answer.complete(answers.getOrDefault(question.key, none)));
        } catch (Throwable e) {
            questions.forEach(question -> question.answer.completeExceptionally(e)); // whatever it is, they wait for it
        }
    }
}
