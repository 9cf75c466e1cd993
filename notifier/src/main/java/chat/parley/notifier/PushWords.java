package chat.parley.notifier;

import chat.parley.conversation.Attention;
import chat.parley.conversation.Conversation;
import chat.parley.message.Message;
import java.util.Locale;
import java.util.ResourceBundle;
import java.util.ResourceBundle.Control;
import org.jspecify.annotations.Nullable;

/** What people read of a push, in their language; English where we have no words of theirs. Messages are never translated. */
final class PushWords {
    /** As much of a message as any vendor carries and any screen shows. */
    private static final int BODY_CHARACTERS_MAX = 500;

    private static final int TITLE_CHARACTERS_MAX = 80;

    /** The machine's own language says nothing about the reader's. */
    private static final Control ENGLISH_ELSE = Control.getNoFallbackControl(Control.FORMAT_PROPERTIES);

    private final ResourceBundle bundle;

    private PushWords(ResourceBundle bundle) {
        this.bundle = bundle;
    }

    /** The words of {@code locale}; the JDK keeps them. */
    static PushWords in(Locale locale) {
        return new PushWords(ResourceBundle.getBundle("push/words", locale, ENGLISH_ELSE));
    }

    /** The conversation in groups, the sender where it is just the two of you. */
    String title(Attention attention, @Nullable String sender) {
        String name = attention.type() == Conversation.Type.DIRECT ? sender : attention.name();
        return name == null ? newMessage() : Preview.first(oneLine(name), TITLE_CHARACTERS_MAX);
    }

    /** What was said, after who said it where the title does not tell. */
    String body(Attention attention, @Nullable String sender, Message message) {
        String said = Preview.first(oneLine(said(message)), BODY_CHARACTERS_MAX);
        if (attention.type() == Conversation.Type.DIRECT || sender == null) {
            return said;
        }
        return Preview.first(oneLine(sender), TITLE_CHARACTERS_MAX) + ": " + said;
    }

    String newMessage() {
        return bundle.getString("new_message");
    }

    String testTitle() {
        return bundle.getString("test_title");
    }

    String testBody() {
        return bundle.getString("test_body");
    }

    private String said(Message message) {
        String text = message.body().text();
        if (text != null && !text.isBlank()) {
            return text;
        }
        return switch (message.body().type()) {
            case IMAGE -> bundle.getString("picture");
            case FILE -> bundle.getString("file");
            case TEXT, SYSTEM -> newMessage();
        };
    }

    /** Line ends and other controls become blanks, several are one; what would turn the direction of the words after it goes. */
    private static String oneLine(String text) {
        return text.replaceAll("[\u202A-\u202E\u2066-\u2069]", "")
                .replaceAll("[\\p{Cc}\\p{Zl}\\p{Zp}\\s]+", " ")
                .strip();
    }
}
