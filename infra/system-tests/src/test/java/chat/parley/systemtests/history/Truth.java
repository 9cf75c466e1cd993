package chat.parley.systemtests.history;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the services say when everything is over.
 *
 * @param stored every conversation's history, oldest first
 * @param members who belongs to each conversation, from its beginning to the end
 */
public record Truth(Map<String, List<Seen>> stored, Map<String, Set<String>> members) {}
