package chat.parley.message;

import chat.parley.id.ConversationId;
import chat.parley.ops.StoreUnavailable;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * How far conversations reach, for those who otherwise go by the rows of {@code conversation}: where messages are kept elsewhere, those rows come some seconds after the
 * messages. Safe for use by many threads; every method throws {@link StoreUnavailable}.
 */
public interface MessageHeads {
    /** For messages that are stored together with the rows, which then tell everything. */
    MessageHeads IN_ROWS = new MessageHeads() {
        @Override
        public long moveMembers(ConversationId conversation, long version, long rowSeq) {
            return rowSeq;
        }

        @Override
        public boolean areAhead() {
            return false;
        }

        @Override
        public Map<ConversationId, MessageHead> ahead(Collection<ConversationId> conversations) {
            return Map.of();
        }

        @Override
        public Map<ConversationId, Message> newest(Collection<ConversationId> conversations) {
            throw new UnsupportedOperationException("a statement that reads the rows reads these as well");
        }
    };

    /**
     * From now on only messages are stored that were checked against this version of the members. Called by a change of members that holds the lock of the
     * conversation's row and has not written when the change happened. May be repeated, and does no harm if the change fails afterwards.
     *
     * @param version the one that the members are about to have
     * @param rowSeq what the locked row has for the newest seq
     * @return the newest seq: what comes after it was checked against the new members
     */
    long moveMembers(ConversationId conversation, long version, long rowSeq);

    /** Whether rows may be behind; else there is nothing to ask here. */
    boolean areAhead();

    /** The heads of those of these conversations that have messages; empty where rows are never behind. */
    Map<ConversationId, MessageHead> ahead(Collection<ConversationId> conversations);

    /** The newest message of each of these conversations (at most 1,000) that has one. */
    Map<ConversationId, Message> newest(Collection<ConversationId> conversations);

    /** The newest seq of one conversation whose row says {@code rowSeq}. */
    default long lastSeq(ConversationId conversation, long rowSeq) {
        var head = ahead(List.of(conversation)).get(conversation);
        return head == null ? rowSeq : Math.max(rowSeq, head.lastSeq());
    }
}
