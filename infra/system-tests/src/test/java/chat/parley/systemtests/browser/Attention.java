package chat.parley.systemtests.browser;

import com.microsoft.playwright.Page;

/** Looks at a page and away from it: a browser without a screen takes every page for looked at. */
final class Attention {
    private static final String SET = """
            (state) => {
              for (const [name, value] of [['visibilityState', state], ['hidden', state === 'hidden']])
                Object.defineProperty(document, name, {configurable: true, get: () => value});
              document.dispatchEvent(new Event('visibilitychange'));
            }
            """;

    private Attention() {}

    static void goesAway(Page page) {
        page.evaluate(SET, "hidden");
    }

    static void comesBack(Page page) {
        page.evaluate(SET, "visible");
    }
}
