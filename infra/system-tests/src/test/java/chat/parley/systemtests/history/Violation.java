package chat.parley.systemtests.history;

/** A broken rule, with what broke it. */
public record Violation(Rule rule, String what) {}
