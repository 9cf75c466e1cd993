package chat.parley.testkit;

import java.nio.file.Path;

/** A server that one test may do anything to; closing ends it and deletes its data. */
public final class OwnServer<S extends AutoCloseable> implements AutoCloseable {
    private final S server;
    private final Path folder;

    OwnServer(S server, Path folder) {
        this.server = server;
        this.folder = folder;
    }

    public S server() {
        return server;
    }

    @Override
    public void close() throws Exception {
        server.close();
        TestServers.delete(folder);
    }
}
