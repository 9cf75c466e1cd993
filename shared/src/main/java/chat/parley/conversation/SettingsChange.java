package chat.parley.conversation;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Some settings to be changed; null stays as it is.
 *
 * @param retention zero takes the limit away
 */
public record SettingsChange(
        @Nullable String name,
        @Nullable String topic,
        @Nullable Boolean isPublic,
        @Nullable Posting posting,
        @Nullable NewcomerHistory history,
        @Nullable Duration retention) {

    /** Only another name. */
    public static SettingsChange name(String name) {
        return new SettingsChange(name, null, null, null, null, null);
    }

    /** {@code before} with the changes. */
    public ConversationSettings appliedTo(ConversationSettings before) {
        return new ConversationSettings(
                name == null ? before.name() : name,
                Objects.requireNonNullElse(topic, before.topic()),
                Objects.requireNonNullElse(isPublic, before.isPublic()),
                Objects.requireNonNullElse(posting, before.posting()),
                Objects.requireNonNullElse(history, before.history()),
                retention == null ? before.retention() : retention.isZero() ? null : retention);
    }

    /** The same with a limit of age. */
    public SettingsChange withRetention(@Nullable Duration limit) {
        return new SettingsChange(name, topic, isPublic, posting, history, limit);
    }

    /** Whether the limit of age is all that is to be changed. */
    boolean isOfRetentionOnly() {
        return retention != null
                && name == null
                && topic == null
                && isPublic == null
                && posting == null
                && history == null;
    }
}
