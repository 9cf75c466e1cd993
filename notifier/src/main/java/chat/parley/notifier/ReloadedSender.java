package chat.parley.notifier;

import chat.parley.ops.Rounds;
import chat.parley.push.Vendor;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A sender whose credentials stand in a file that may be replaced while it works. Every half minute it looks; for new credentials it opens a new sender and closes
 * the old one when its last push is answered. Credentials that are no good change nothing but a metric and one line in the log.
 */
final class ReloadedSender implements PushSender {
    private static final Logger LOG = LoggerFactory.getLogger(ReloadedSender.class);

    /** A file in a volume of Kubernetes takes a minute to change anyway. */
    private static final Duration EVERY = Duration.ofSeconds(30);

    private final Vendor vendor;
    private final Path file;
    private final Opening opening;
    private final Rounds rounds;
    private Use current; // guarded by this
    private byte[] inForce; // digest of what current was opened with; this and the next: of one thread at a time
    private @Nullable String complaint;
    private volatile boolean good = true;
    private boolean closed; // guarded by this

    /** Opens a sender with what stands in the file. */
    @FunctionalInterface
    interface Opening {
        /** @throws IllegalArgumentException if that is no good; says why and shows no secret */
        PushSender open(byte[] credentials);
    }

    /** A sender and how many pushes it has under way; guarded by the outer object. */
    private static final class Use {
        private final PushSender sender;
        private int pushes;
        private boolean retired;
        private boolean closed;

        Use(PushSender sender) {
            this.sender = sender;
        }
    }

    private ReloadedSender(Vendor vendor, Path file, Opening opening) {
        byte[] content = CredentialFile.read(file);
        this.vendor = vendor;
        this.file = file;
        this.opening = opening;
        this.current = new Use(opening.open(content));
        this.inForce = digest(content);
        this.rounds = new Rounds(vendor.text() + "-credentials", EVERY, this::look);
    }

    /** @throws IllegalArgumentException if what stands in {@code file} now is no good */
    static ReloadedSender open(Vendor vendor, Path file, Opening opening, MeterRegistry meters) {
        var sender = new ReloadedSender(vendor, file, opening);
        Gauge.builder("parley.push.credentials.unusable", sender, it -> it.good ? 0 : 1)
                .tag("vendor", vendor.text())
                .register(meters);
        sender.rounds.start();
        return sender;
    }

    @Override
    public Vendor vendor() {
        return vendor;
    }

    @Override
    public PushResult send(Push push) throws IOException, InterruptedException {
        var use = begin();
        try {
            return use.sender.send(push);
        } finally {
            end(use);
        }
    }

    /** One look at the file. */
    void look() {
        byte[] digest;
        try {
            byte[] content = CredentialFile.read(file);
            digest = digest(content);
            if (!MessageDigest.isEqual(digest, inForce)) {
                replace(content);
                inForce = digest;
                LOG.info("{} has new credentials from {}", vendor.text(), file);
            }
            complaint = null;
            good = true;
        } catch (IllegalArgumentException e) {
            good = false;
            if (!String.valueOf(e.getMessage()).equals(complaint)) {
                complaint = e.getMessage();
                LOG.error("{} goes on with its old credentials: {} {}", vendor.text(), file, complaint);
            }
        }
    }

    /** What is under way is still answered. */
    @Override
    public void close() {
        rounds.close();
        Use last;
        synchronized (this) {
            closed = true;
            last = current;
            last.retired = true;
        }
        closeIfUnused(last);
    }

    private void replace(byte[] content) {
        var opened = new Use(opening.open(content));
        Use old;
        synchronized (this) {
            if (closed) {
                opened.retired = true;
                old = opened;
            } else {
                old = current;
                old.retired = true;
                current = opened;
            }
        }
        closeIfUnused(old);
    }

    private synchronized Use begin() throws IOException {
        if (closed) {
            throw new IOException("closed");
        }
        current.pushes++;
        return current;
    }

    private void end(Use use) {
        synchronized (this) {
            use.pushes--;
        }
        closeIfUnused(use);
    }

    private void closeIfUnused(Use use) {
        synchronized (this) {
            if (!use.retired || use.pushes > 0 || use.closed) {
                return;
            }
            use.closed = true;
        }
        use.sender.close();
    }

    private static byte[] digest(byte[] content) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(content);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
