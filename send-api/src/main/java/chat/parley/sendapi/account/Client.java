package chat.parley.sendapi.account;

import org.jspecify.annotations.Nullable;

/**
 * What opens a session.
 *
 * @param userAgent what it calls itself
 * @param address for counting, see {@link chat.parley.sendapi.http.Browsers#clientAddress}
 * @param isBrowser whether it wants a cookie
 */
record Client(@Nullable String userAgent, String address, boolean isBrowser) {}
