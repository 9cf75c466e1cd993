package chat.parley.notifier;

import chat.parley.conversation.Attention;
import chat.parley.message.Message;
import chat.parley.push.Device;
import chat.parley.push.PushJob.Wake;
import chat.parley.push.PushPreferences;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that decides whether a message wakes somebody, as it stood at {@code now}.
 *
 * @param attention null where the person is no member any more
 * @param message null where there is none any more
 * @param senderName null where the sender is gone
 */
record WakeFacts(
        Wake job,
        Instant now,
        @Nullable Attention attention,
        @Nullable Message message,
        @Nullable String senderName,
        Person person) {
    /**
     * What concerns the one to be woken.
     *
     * @param isSenderBlocked whether they block the sender
     * @param isIdle whether they have streams, and nobody looks at any of them
     * @param devices those in force
     * @param badge unread messages, all conversations together
     */
    record Person(
            boolean isSenderBlocked, boolean isIdle, PushPreferences preferences, List<Device> devices, long badge) {}
}
