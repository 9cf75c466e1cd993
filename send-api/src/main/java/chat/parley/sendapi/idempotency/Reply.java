package chat.parley.sendapi.idempotency;

/** An answer that can be given again. */
public record Reply(int status, byte[] json) {}
