package chat.parley.systemtests.deployment;

import chat.parley.systemtests.process.Person;
import chat.parley.systemtests.process.ServiceProcess;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** An upload that goes on byte by byte, until its end is asked for. */
final class SlowUpload implements AutoCloseable {
    /** More than any buffer on the way holds, so that the service has begun to read. */
    private static final int PART_BYTES = 500_000;

    /** Between two bytes: as a bad connection does. */
    private static final long PAUSE_MILLIS = 100;

    private static final long MOST_SECONDS = 60;

    private final HttpClient http;
    private final CountDownLatch end = new CountDownLatch(1);
    private final CompletableFuture<Integer> status;

    private SlowUpload(HttpClient http, ServiceProcess service, Person person) throws InterruptedException {
        this.http = http;
        var firstPartIsRead = new CountDownLatch(1);
        var rest = new InputStream() {
            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                firstPartIsRead.countDown();
                if (isAskedFor()) return -1;
                into[offset] = 0;
                return 1;
            }

            @Override
            public int read() throws IOException {
                firstPartIsRead.countDown();
                return isAskedFor() ? -1 : 0;
            }
        };
        var body = new SequenceInputStream(
                Collections.enumeration(List.of(new ByteArrayInputStream(new byte[PART_BYTES]), rest)));
        var request = HttpRequest.newBuilder(service.uri().resolve("/v1/media"))
                .header("Authorization", "Bearer " + person.token())
                .header("Content-Type", "application/octet-stream")
                .POST(BodyPublishers.ofInputStream(() -> body))
                .build();
        status = http.sendAsync(request, BodyHandlers.discarding()).thenApply(answer -> answer.statusCode());
        if (!firstPartIsRead.await(MOST_SECONDS, TimeUnit.SECONDS)) throw new AssertionError("nobody takes the upload");
    }

    /** Returns when the first part is on its way to this very service. */
    static SlowUpload start(ServiceProcess service, Person person) throws InterruptedException {
        return new SlowUpload(
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build(), service, person);
    }

    /** Ends it, and answers the status. */
    int finish() throws Exception {
        end.countDown();
        return status.get(MOST_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        end.countDown();
        http.shutdownNow();
    }

    private boolean isAskedFor() throws IOException {
        try {
            return end.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }
}
