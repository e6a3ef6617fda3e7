/// Attempts in the last 60 seconds, in twenty steps of three: it never counts more than 60 s, and never less than 57.
struct SlidingMinute: BitwiseCopyable {
    private static let step: Int64 = 3_000_000

    private var steps = InlineArray<20, UInt16>(repeating: 0)
    private var current: UInt32 = 0
    private var sum: UInt32 = 0

    /// The attempts counted.
    var total: Int { Int(sum) }

    /// Forgets what is older than the window.
    mutating func advance(to time: Int64) {
        let now = UInt32(truncatingIfNeeded: time / Self.step)
        guard now > current else { return }
        for offset in 0..<min(now - current, 20) {
            let index = Int((current + 1 + offset) % 20)
            sum -= UInt32(steps[index])
            steps[index] = 0
        }
        current = now
    }

    /// Counts attempts in the current step.
    mutating func add(_ attempts: Int) {
        let index = Int(current % 20)
        let count = UInt16(clamping: Int(steps[index]) + attempts)
        sum += UInt32(count - steps[index])
        steps[index] = count
    }
}
