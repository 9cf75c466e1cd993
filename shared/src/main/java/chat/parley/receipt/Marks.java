package chat.parley.receipt;

/** How far one member has read and received, {@code readSeq <= deliveredSeq}. */
public record Marks(long readSeq, long deliveredSeq) {}
