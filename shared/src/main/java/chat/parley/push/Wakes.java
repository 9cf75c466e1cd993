package chat.parley.push;

import chat.parley.event.PublishOutcome.ToWake;
import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.ops.Settings;
import chat.parley.push.PushJob.Wake;
import chat.parley.push.PushJobs.Later;
import java.time.Duration;
import java.util.Collection;
import java.util.List;

/**
 * Which jobs a published message makes, and when they are due.
 *
 * @param absent for people without any stream: time in which a client that just changed its network comes back, gets the message and acknowledges it
 * @param elsewhere for devices in the background of people who have a stream: time in which they read it there
 */
public record Wakes(Duration absent, Duration elsewhere) {
    /** What waits least and still spares most people who are there a second notice. */
    public static final Wakes DEFAULT = new Wakes(Duration.ofSeconds(1), Duration.ofSeconds(10));

    /** After that people wonder why nothing came. */
    private static final Duration LONGEST = Duration.ofMinutes(10);

    /** As the environment sets them. */
    public static Wakes from(Settings settings) {
        return new Wakes(
                grace(settings, "PARLEY_PUSH_GRACE", DEFAULT.absent),
                grace(settings, "PARLEY_PUSH_GRACE_ELSEWHERE", DEFAULT.elsewhere));
    }

    private static Duration grace(Settings settings, String name, Duration fallback) {
        return settings.seconds(name, fallback, Duration.ZERO, LONGEST, "a push later than that helps nobody");
    }

    /** For everyone who has a device that did not get it, except who sent it. Notices wake nobody. */
    public List<Later> of(Message message, Collection<ToWake> toWake) {
        if (message.body().type() == MessageBody.Type.SYSTEM) {
            return List.of();
        }
        return toWake.stream()
                .filter(each -> !each.user().equals(message.sender()))
                .map(each -> new Later(job(message, each), each.connected() ? elsewhere : absent))
                .toList();
    }

    private static PushJob job(Message message, ToWake each) {
        return new Wake(
                each.user(),
                message.conversation(),
                message.seq(),
                each.resumeFrom(),
                message.createdAt(),
                each.connected(),
                null);
    }
}
