package chat.parley.notifier;

import chat.parley.conversation.Attention;
import chat.parley.conversation.Conversation;
import chat.parley.conversation.MembersMarks;
import chat.parley.conversation.Notifications.Level;
import chat.parley.message.Message;
import chat.parley.message.MessageBody;
import chat.parley.notifier.Decision.Nothing;
import chat.parley.notifier.Decision.Reason;
import chat.parley.notifier.Decision.Send;
import chat.parley.notifier.Push.Alert;
import chat.parley.notifier.Push.Clear;
import chat.parley.notifier.Push.Origin;
import chat.parley.push.Device;
import chat.parley.push.DeviceState;
import chat.parley.push.PushJob;
import chat.parley.push.PushJob.Wake;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Decides who is woken by what, from facts alone: it asks nobody and changes nothing. */
final class PushDecision {
    /** A push that comes later than this tells nothing new: people have looked by themselves. */
    static final Duration LIFETIME = Duration.ofDays(1);

    private final boolean previews;

    /** @param previews false: the installation shows nobody's words and names to vendors, whatever people chose */
    PushDecision(boolean previews) {
        this.previews = previews;
    }

    /** Whether a message wakes, which devices, and with which words. */
    Decision wake(WakeFacts facts) {
        var job = facts.job();
        var attention = facts.attention();
        var message = facts.message();
        if (isStale(job, facts.now())) {
            return new Nothing(Reason.STALE);
        }
        if (facts.person().devices().isEmpty()) {
            return new Nothing(Reason.NO_DEVICE); // and nothing else was asked for
        }
        if (attention == null || message == null) {
            return new Nothing(attention == null ? Reason.NOT_A_MEMBER : Reason.MESSAGE_GONE);
        }
        var reason = reasonAgainst(facts, attention, message);
        if (reason != null) {
            return new Nothing(reason);
        }
        // Nobody connected: then a device that calls itself in the foreground is not, or not any more.
        Predicate<Device> isConcerned = device -> !job.connected() || device.state() == DeviceState.BACKGROUND;
        var devices = concerned(facts.person().devices(), job, isConcerned);
        if (devices.isEmpty()) {
            return new Nothing(Reason.NO_DEVICE);
        }
        return new Send(devices.stream()
                .<Push>map(device -> alert(device, facts, attention, message))
                .toList());
    }

    /** Whether what is shown is taken back, and from which devices. */
    Decision clear(PushJob.Clear job, Instant now, WakeFacts.Person person) {
        boolean isNamed = previews && person.preferences().preview();
        if (isStale(job, now)) {
            return new Nothing(Reason.STALE);
        }
        if (!isNamed && person.badge() > 0) {
            return new Nothing(Reason.NOT_SHOWN); // "there is something new" is still true
        }
        // Who has the app in front sees by its stream what was read.
        var devices = concerned(person.devices(), job, device -> device.state() == DeviceState.BACKGROUND);
        if (devices.isEmpty()) {
            return new Nothing(Reason.NO_DEVICE);
        }
        var conversation = isNamed ? job.conversation() : null;
        return new Send(devices.stream()
                .<Push>map(device ->
                        new Clear(device, person.badge(), job.at().plus(LIFETIME), conversation, job.readSeq()))
                .toList());
    }

    /** A test goes to its device, whatever else holds. */
    Decision test(PushJob.Test job, Instant now, WakeFacts.Person person) {
        if (isStale(job, now)) {
            return new Nothing(Reason.STALE);
        }
        var devices = concerned(person.devices(), job, device -> true);
        if (devices.isEmpty()) {
            return new Nothing(Reason.NO_DEVICE);
        }
        return new Send(devices.stream()
                .<Push>map(device -> {
                    var words = PushWords.in(device.locale());
                    return new Alert(
                            device,
                            person.badge(),
                            job.at().plus(LIFETIME),
                            words.testTitle(),
                            words.testBody(),
                            true,
                            null,
                            null);
                })
                .toList());
    }

    private static @Nullable Reason reasonAgainst(WakeFacts facts, Attention attention, Message message) {
        var job = facts.job();
        var person = facts.person();
        var mutedUntil = attention.notifications().mutedUntil();
        if (message.seq() < attention.firstSeq()) {
            return Reason.NOT_A_MEMBER;
        }
        if (message.isDeleted()) {
            return Reason.MESSAGE_GONE;
        }
        if (attention.readSeq() >= job.seq()) {
            return Reason.READ;
        }
        // Someone whose streams are all idle has it on a screen that nobody looks at.
        if (attention.deliveredSeq() >= job.seq() && !person.isIdle()) {
            return Reason.DELIVERED;
        }
        if (person.isSenderBlocked()) {
            return Reason.BLOCKED;
        }
        if (mutedUntil != null && mutedUntil.isAfter(facts.now())) {
            return Reason.MUTED;
        }
        if (!levelAllows(attention.notifications().level(), mentions(message, job))) {
            return Reason.LEVEL;
        }
        var quiet = person.preferences().quietHours();
        return quiet != null && quiet.cover(facts.now()) ? Reason.QUIET_HOURS : null;
    }

    private static boolean levelAllows(Level level, boolean isMentioned) {
        return switch (level) {
            case ALL -> true;
            case MENTIONS -> isMentioned;
            case NONE -> false;
        };
    }

    private static boolean mentions(Message message, Wake job) {
        var mentioned = message.body().mentions();
        return mentioned.contains(job.user()) || mentioned.contains(MessageBody.EVERYONE);
    }

    private Alert alert(Device device, WakeFacts facts, Attention attention, Message message) {
        var job = facts.job();
        var person = facts.person();
        var words = PushWords.in(device.locale());
        boolean isNamed = previews && person.preferences().preview();
        boolean isUrgent = attention.type() == Conversation.Type.DIRECT
                || attention.memberCount() <= MembersMarks.TOLD_MEMBERS_MAX
                || mentions(message, job);
        return new Alert(
                device,
                person.badge(),
                job.at().plus(LIFETIME),
                isNamed ? words.title(attention, facts.senderName()) : words.newMessage(),
                isNamed ? words.body(attention, facts.senderName(), message) : "",
                isUrgent,
                isNamed ? new Origin(message.conversation(), message.seq()) : null,
                job.resumeFrom());
    }

    private static List<Device> concerned(List<Device> devices, PushJob job, Predicate<Device> isConcerned) {
        var only = job.only();
        return devices.stream()
                .filter(device ->
                        only == null ? isConcerned.test(device) : device.id().equals(only.device()))
                .toList();
    }

    private static boolean isStale(PushJob job, Instant now) {
        return !now.isBefore(job.at().plus(LIFETIME));
    }
}
