package chat.parley.bench;

import java.util.EnumMap;
import java.util.Map;

/**
 * CPU times of all parts at one moment, or between two moments.
 *
 * @param compilersMicros what the JVMs of the services compiled for, contained in {@code micros}
 * @param machineMicros what all processes of the machine used, ours among them
 * @param atNanos the moment, or the time between the two
 */
record CpuSample(Map<Part, Long> micros, long compilersMicros, long machineMicros, long atNanos) {
    CpuSample {
        micros = Map.copyOf(micros);
    }

    CpuSample since(CpuSample earlier) {
        var used = new EnumMap<Part, Long>(Part.class);
        micros.forEach((part, now) -> used.put(part, now - earlier.of(part)));
        // A compiler's thread that ended takes its time with it.
        long compiled = Math.max(0, compilersMicros - earlier.compilersMicros);
        return new CpuSample(used, compiled, machineMicros - earlier.machineMicros, atNanos - earlier.atNanos);
    }

    long of(Part part) {
        return micros.getOrDefault(part, 0L);
    }

    /** All parts but the generator. */
    long servers() {
        return sum() - of(Part.GENERATOR);
    }

    /** The part of {@link #servers} that went into compiling. */
    double compilersShare() {
        return servers() == 0 ? 0 : (double) compilersMicros / servers();
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
