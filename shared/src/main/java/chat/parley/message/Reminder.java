package chat.parley.message;

/**
 * What keeps a stored message, or a change of one, remembered until it is published: handed back by {@link MessageStore#published}. Only the store that made it knows what
 * it names.
 */
public record Reminder(long value) {}
