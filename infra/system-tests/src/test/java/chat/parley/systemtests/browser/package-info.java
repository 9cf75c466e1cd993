/**
 * The web page in real Chromium against the whole of Parley: two and three windows that chat, networks that go away, and a page that is
 * used with a keyboard or a phone. Each test signs up people of its own, so the tests share one server.
 */
@NullMarked
package chat.parley.systemtests.browser;

import org.jspecify.annotations.NullMarked;
