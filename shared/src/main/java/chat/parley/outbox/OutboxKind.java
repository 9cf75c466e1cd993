package chat.parley.outbox;

/** What an outbox row refers to. Numbers are stored: add, never change. */
public enum OutboxKind {
    /** Subject: seq of the message. */
    MESSAGE_CREATED(1),
    /** Subject: id of the creator. */
    CONVERSATION_CREATED(2),
    /** Subject: id of the one who changed it. */
    CONVERSATION_UPDATED(3),
    /** Subject: id of the member. */
    MEMBER_JOINED(4),
    /** Subject: id of the member. */
    MEMBER_UPDATED(5),
    /** Subject: id of the member. */
    MEMBER_LEFT(6),
    /** Subject: seq of the message. What changed is not kept: the message itself tells. */
    MESSAGE_CHANGED(7),
    /** Subject: id of the member whose marks moved. */
    MARKS_ADVANCED(8),
    /** Something is to stand among the messages; subject: id of the actor. */
    NOTICE_DUE(9);

    private final int number;

    OutboxKind(int number) {
        this.number = number;
    }

    /** The kind with this number. */
    public static OutboxKind of(int number) {
        for (var kind : values()) {
            if (kind.number == number) {
                return kind;
            }
        }
        throw new IllegalArgumentException("no outbox kind " + number);
    }

    /** As stored. */
    public int number() {
        return number;
    }
}
