package chat.parley.notifier;

import chat.parley.notifier.Push.Alert;
import chat.parley.notifier.Push.Clear;
import java.util.LinkedHashMap;
import java.util.Map;

/** What programs read of a push, the same for every vendor; people's words are beside it, each vendor's own way. See {@code docs/push.md}. */
final class PushData {
    private PushData() {}

    /** Names and values, texts and numbers, in a fixed order; what there is none of is left out. */
    static Map<String, Object> of(Push push) {
        var data = new LinkedHashMap<String, Object>();
        switch (push) {
            case Alert alert -> {
                data.put("type", alert.resumeFrom() == null ? "test" : "message");
                var origin = alert.origin();
                if (origin != null) {
                    data.put("conversation_id", origin.conversation().toString());
                    data.put("seq", origin.seq());
                }
                if (alert.resumeFrom() != null) {
                    data.put("cursor", alert.resumeFrom().toString());
                }
                data.put("url", origin == null ? "/#/" : "/#/c/" + origin.conversation());
            }
            case Clear clear -> {
                data.put("type", "clear");
                var conversation = clear.conversation();
                if (conversation != null) {
                    data.put("conversation_id", conversation.toString());
                    data.put("read_seq", clear.readSeq());
                }
            }
        }
        data.put("device_id", push.device().id().text());
        data.put("badge", push.badge());
        return data;
    }
}
