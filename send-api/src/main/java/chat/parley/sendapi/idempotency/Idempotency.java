package chat.parley.sendapi.idempotency;

import chat.parley.id.ConversationId;
import chat.parley.id.IdSource;
import chat.parley.id.MediaId;
import chat.parley.id.UserId;
import chat.parley.ops.StoreUnavailable;
import chat.parley.problem.Fault;
import chat.parley.problem.ProblemException;
import chat.parley.sendapi.http.Answer;
import chat.parley.sendapi.http.Edge;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers a POST that creates, once for each {@code Idempotency-Key}; requests without one are simply carried out. */
public final class Idempotency {
    private static final Logger LOG = LoggerFactory.getLogger(Idempotency.class);

    private static final String HEADER = "Idempotency-Key";
    private static final String REPLAYED = "Idempotency-Replayed";

    /** Printable ASCII without blanks: what every client and log can carry. */
    private static final Pattern KEY_FORM = Pattern.compile("[!-~]{1,64}");

    private final IdempotencyKeys keys;
    private final IdSource ids;

    /** @param ids for what is made */
    public Idempotency(IdempotencyKeys keys, IdSource ids) {
        this.keys = keys;
        this.ids = ids;
    }

    /** The work of a request: may run again under the same key, on any node, until one run was known to end. */
    @FunctionalInterface
    public interface Work {
        /**
         * Does it.
         *
         * @throws ProblemException if nothing was done
         * @throws StoreUnavailable if nobody knows
         */
        Reply run(Reservation reservation);
    }

    /** The id for what a request makes: known before it is made, so that a run after a crash finds it made. */
    public final class Reservation {
        private @Nullable Attempt attempt;
        private ConversationId id;

        private Reservation(@Nullable Attempt attempt, ConversationId id) {
            this.attempt = attempt;
            this.id = id;
        }

        /** The id to use. */
        public ConversationId conversation() {
            return id;
        }

        /** The id to use, where what is made is media. */
        public MediaId media() {
            return new MediaId(id.value());
        }

        /** Another one, because the first belongs to something else. */
        public void renew() {
            id = ids.conversation();
            if (attempt != null) {
                attempt = keys.reserve(attempt, id.value());
            }
        }
    }

    /** Answers {@code http} with what {@code work} answers, or answered before. */
    public void answer(Context http, byte[] body, Work work) {
        answer(http, body, work, true);
    }

    /**
     * The same for an answer that holds a secret, and so is not kept: a repeat runs {@code work} again with the same reservation, and it must then
     * answer for what was made before.
     */
    public void answerSecret(Context http, byte[] body, Work work) {
        answer(http, body, work, false);
    }

    private void answer(Context http, byte[] body, Work work, boolean isKept) {
        String key = http.header(HEADER);
        if (key == null) {
            send(http, work.run(new Reservation(null, ids.conversation())));
            return;
        }
        if (!KEY_FORM.matcher(key).matches()) {
            throw ProblemException.field(HEADER, "not_a_key");
        }
        UserId user = Edge.caller(http).user();
        switch (keys.begin(user, key, hash(http, body), ids.conversation().value())) {
            case Beginning.Begun begun -> send(http, carryOut(begun.attempt(), work, isKept));
            case Beginning.Answered answered -> {
                http.header(REPLAYED, "true");
                send(http, answered.reply());
            }
            case Beginning.Mismatch mismatch -> throw new ProblemException(Fault.IDEMPOTENCY_MISMATCH);
            case Beginning.InProgress inProgress -> throw new ProblemException(Fault.IDEMPOTENCY_IN_PROGRESS);
        }
    }

    private Reply carryOut(Attempt attempt, Work work, boolean isKept) {
        Reply reply;
        try {
            reply = work.run(new Reservation(attempt, new ConversationId(attempt.reserved())));
        } catch (ProblemException e) {
            // An attempt before this one may have made it and died, and its id must stay reserved.
            closing(() -> {
                if (attempt.first()) {
                    keys.forget(attempt);
                } else {
                    keys.abandon(attempt);
                }
            });
            throw e;
        } catch (RuntimeException e) {
            closing(() -> keys.abandon(attempt));
            throw e;
        }
        closing(() -> {
            if (isKept) {
                keys.finish(attempt, reply);
            } else {
                keys.abandon(attempt);
            }
        });
        return reply;
    }

    /** The work is over whatever happens here: without this the next request under the key only has to wait for the lease to end. */
    private static void closing(Runnable step) {
        try {
            step.run();
        } catch (StoreUnavailable e) {
            LOG.warn("an idempotency key stays in progress until its lease ends: {}", e.getMessage());
        }
    }

    private static void send(Context http, Reply reply) {
        Answer.json(http, reply.status(), reply.json());
    }

    private static byte[] hash(Context http, byte[] body) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            digest.update((http.method() + " " + http.path() + "\n").getBytes(StandardCharsets.UTF_8));
            return digest.digest(body);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
