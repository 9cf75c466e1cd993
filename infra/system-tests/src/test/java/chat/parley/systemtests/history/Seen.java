package chat.parley.systemtests.history;

/** A message as somebody saw it: in history, on a device. Equal where it is the same message. */
public record Seen(String conversation, long seq, String sender, String key, String text) {}
