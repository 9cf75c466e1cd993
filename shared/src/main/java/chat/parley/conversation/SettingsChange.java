package chat.parley.conversation;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Some settings to be changed; null stays as it is. */
public record SettingsChange(
        @Nullable String name,
        @Nullable String topic,
        @Nullable Boolean isPublic,
        @Nullable Posting posting,
        @Nullable NewcomerHistory history) {

    /** Only another name. */
    public static SettingsChange name(String name) {
        return new SettingsChange(name, null, null, null, null);
    }

    /** {@code before} with the changes. */
    public ConversationSettings appliedTo(ConversationSettings before) {
        return new ConversationSettings(
                name == null ? before.name() : name,
                Objects.requireNonNullElse(topic, before.topic()),
                Objects.requireNonNullElse(isPublic, before.isPublic()),
                Objects.requireNonNullElse(posting, before.posting()),
                Objects.requireNonNullElse(history, before.history()));
    }
}
