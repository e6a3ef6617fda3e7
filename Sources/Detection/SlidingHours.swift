/// Attempts in the last three hours, in eight steps: it never counts more than 3 h, and never less than 2 h 37 min.
struct SlidingHours: BitwiseCopyable {
    static let step: Int64 = 1_350_000_000

    private(set) var steps = InlineArray<8, UInt16>(repeating: 0)
    private(set) var current: UInt32 = 0
    /// Attempts in the clock's three hours.
    private(set) var block: UInt16 = 0

    /// The attempts counted.
    var total: Int {
        var sum = 0
        for index in steps.indices { sum += Int(steps[index]) }
        return sum
    }

    /// Forgets what is older than the window; hands the clock's three hours that are over to what is learned.
    mutating func advance(to time: Int64, learned: inout CountHistogram) {
        let now = UInt32(truncatingIfNeeded: time / Self.step)
        guard now > current else { return }
        if current == 0 {
            current = now
            return
        }
        let over = now / 8 - current / 8
        if over > 0 {
            learned.add(Int(block))
            // No call at all is a count as well; a week of them is enough.
            if over > 1 { learned.add(0, times: Int(min(over - 1, 56))) }
            block = 0
        }
        for offset in 0..<min(now - current, 8) { steps[Int((current + 1 + offset) % 8)] = 0 }
        current = now
    }

    /// Counts attempts in the current step.
    mutating func add(_ attempts: Int) {
        let index = Int(current % 8)
        steps[index] = UInt16(clamping: Int(steps[index]) + attempts)
        block = UInt16(clamping: Int(block) + attempts)
    }
}
