package chat.parley.bench;

import java.util.EnumMap;
import java.util.Map;

/**
 * CPU times of all parts at one moment, or between two moments.
 *
 * @param machineMicros what all processes of the machine used, ours among them
 * @param atNanos the moment, or the time between the two
 */
record CpuSample(Map<Part, Long> micros, long machineMicros, long atNanos) {
    CpuSample {
        micros = Map.copyOf(micros);
    }

    CpuSample since(CpuSample earlier) {
        var used = new EnumMap<Part, Long>(Part.class);
        micros.forEach((part, now) -> used.put(part, now - earlier.of(part)));
        return new CpuSample(used, machineMicros - earlier.machineMicros, atNanos - earlier.atNanos);
    }

    long of(Part part) {
        return micros.getOrDefault(part, 0L);
    }

    /** All parts but the generator. */
    long servers() {
        return sum() - of(Part.GENERATOR);
    }

    double seconds() {
        return atNanos / 1e9;
    }

    /** How many cores everyone else on the machine used: where this is not near 0, figures are too low. */
    double othersCores() {
        return Math.max(0, machineMicros - sum()) / 1e6 / seconds();
    }

    private long sum() {
        return micros.values().stream().mapToLong(Long::longValue).sum();
    }
}
