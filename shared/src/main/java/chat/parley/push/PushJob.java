package chat.parley.push;

import chat.parley.event.Cursor;
import chat.parley.id.ConversationId;
import chat.parley.id.UserId;
import java.time.Instant;

/**
 * A note to wake somebody: a message came and no stream of this person took it.
 *
 * @param resumeFrom where the woken client resumes its stream to receive the message
 * @param at when the message was sent
 */
public record PushJob(UserId user, ConversationId conversation, long seq, Cursor resumeFrom, Instant at) {
    /** As it stands in the queue: five words. */
    String text() {
        return user.value() + " " + conversation.value() + " " + seq + " " + resumeFrom + " " + at.toEpochMilli();
    }

    /**
     * Reads {@link #text}.
     *
     * @throws IllegalArgumentException if it was not written by this project
     */
    static PushJob of(String text) {
        var words = text.split(" ", -1);
        if (words.length != 5) {
            throw new IllegalArgumentException("a push job has 5 words, not " + words.length);
        }
        return new PushJob(
                new UserId(Long.parseLong(words[0])),
                new ConversationId(Long.parseLong(words[1])),
                Long.parseLong(words[2]),
                Cursor.parse(words[3]).orElseThrow(() -> new IllegalArgumentException("not a cursor")),
                Instant.ofEpochMilli(Long.parseLong(words[4])));
    }
}
