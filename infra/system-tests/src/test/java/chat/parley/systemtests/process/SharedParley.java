package chat.parley.systemtests.process;

import chat.parley.embedded.EmbeddedRedis.Persistence;

/** The one Parley for tests that break nothing, or mend what they break; started when first asked for, ended with the JVM. */
public final class SharedParley {
    private SharedParley() {}

    private static final class Holder {
        static final RunningParley PARLEY = start();

        private static RunningParley start() {
            try {
                return RunningParley.start(Persistence.APPEND_ONLY_FILE);
            } catch (Exception e) {
                throw new IllegalStateException("Parley did not start", e);
            }
        }
    }

    public static RunningParley get() {
        return Holder.PARLEY;
    }
}
