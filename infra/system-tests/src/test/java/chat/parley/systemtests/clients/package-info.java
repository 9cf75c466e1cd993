/** Clients that nobody here wrote, on the running processes: {@code curl}, as the README shows it, and LaunchDarkly's event source. */
@NullMarked
package chat.parley.systemtests.clients;

import org.jspecify.annotations.NullMarked;
