package chat.parley.sendapi.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import chat.parley.message.MessageStore;
import chat.parley.ops.StoreUnavailable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PatienceTest {
    private static final long PATIENCE_SECONDS = 30;

    @Test
    void what_never_comes_is_given_up_and_the_store_need_not_begin() throws Exception {
        try (var patience = Patience.start()) {
            var stored = new CompletableFuture<String>();
            var told = new CompletableFuture<String>();
            long began = System.nanoTime();
            patience.watch(stored, told);
            var failure = assertThrows(ExecutionException.class, () -> told.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
            assertInstanceOf(StoreUnavailable.class, failure.getCause());
            assertTrue(stored.isCompletedExceptionally());
            assertTrue(System.nanoTime() - began >= MessageStore.RESULT_LIMIT.toNanos());
        }
    }

    @Test
    void what_was_stored_and_is_not_told_in_time_is_answered_as_stored() throws Exception {
        try (var patience = Patience.start()) {
            var stored = CompletableFuture.completedFuture("stored");
            var told = new CompletableFuture<String>();
            var inTime = new CompletableFuture<String>();
            long began = System.nanoTime();
            patience.watch(stored, told);
            patience.watch(inTime, inTime);
            inTime.complete("in time");
            assertEquals("stored", told.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
            assertTrue(System.nanoTime() - began >= Patience.TOLD_LIMIT.toNanos());
            assertEquals("in time", inTime.get());
        }
    }
}
