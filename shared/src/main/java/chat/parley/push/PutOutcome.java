package chat.parley.push;

import chat.parley.id.UserId;
import java.util.Set;

/** What became of a registration. */
public sealed interface PutOutcome {
    /** The device as it is now. */
    Device device();

    /** Other people who had a device with this target, and have it no longer. */
    Set<UserId> formerOwners();

    /** It was not known. */
    record Created(Device device, Set<UserId> formerOwners) implements PutOutcome {}

    /** It was, maybe with another target. */
    record Renewed(Device device, Set<UserId> formerOwners) implements PutOutcome {}
}
