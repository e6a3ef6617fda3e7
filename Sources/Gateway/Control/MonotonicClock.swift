import Glibc

/// Milliseconds that pass evenly, whatever is done to the clock.
enum MonotonicClock {
    static var milliseconds: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int(time.tv_sec) * 1000 + Int(time.tv_nsec) / 1_000_000
    }
}
