package chat.parley.message;

import chat.parley.cassandra.Cassandra;
import chat.parley.ops.StoreUnavailable;
import chat.parley.testkit.RealRing;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/** Three nodes, each with everything; what is asked of a quorum needs two of them to agree. */
@ExtendWith(RingContractTest.Patience.class)
class RingContractTest extends CassandraStoreContract {
    private static Cassandra cassandra;

    @BeforeAll
    static void openRing() {
        cassandra = Cassandra.open(RealRing.shared().freshKeyspace());
    }

    @AfterAll
    static void closeRing() {
        cassandra.close();
    }

    @Override
    Cassandra cassandra() {
        return cassandra;
    }

    /**
     * Three servers on a machine that does much else may answer too late, and then {@link StoreUnavailable} is right; some of these tests let dozens wait for one conversation.
     * Such a test is tried again, with conversations of its own. What a ring must not refuse is for {@link RingTest} to say.
     */
    static final class Patience implements InvocationInterceptor {
        private static final int TRIES = 3;

        @Override
        public void interceptTestMethod(
                Invocation<Void> first, ReflectiveInvocationContext<Method> test, ExtensionContext context)
                throws Throwable {
            try {
                first.proceed();
            } catch (Throwable failure) {
                again(failure, test);
            }
        }

        private static void again(Throwable failure, ReflectiveInvocationContext<Method> test) throws Throwable {
            var last = failure;
            for (int i = 1; i < TRIES && isTooLate(last); i++) {
                try {
                    test.getExecutable()
                            .invoke(
                                    test.getTarget().orElseThrow(),
                                    test.getArguments().toArray());
                    return;
                } catch (InvocationTargetException e) {
                    last = e.getTargetException();
                }
            }
            throw last;
        }

        private static boolean isTooLate(Throwable failure) {
            for (var cause = failure; cause != null; cause = cause.getCause()) {
                if (cause instanceof StoreUnavailable) {
                    return true;
                }
            }
            return false;
        }
    }
}
