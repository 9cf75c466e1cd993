package chat.parley.push;

import chat.parley.id.DeviceId;
import chat.parley.id.UserId;
import java.time.Instant;
import java.util.Locale;

/**
 * An app or browser that can be woken.
 *
 * @param locale in which its pushes are written
 * @param registeredAt when its target was last told; what a vendor says of an older time does not concern it
 */
public record Device(
        UserId user, DeviceId id, PushTarget target, Locale locale, DeviceState state, Instant registeredAt) {}
