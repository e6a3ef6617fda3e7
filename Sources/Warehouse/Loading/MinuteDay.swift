/// Calls per minute of one UTC day, by agent and tool, and the peaks that follow from them.
struct MinuteDay {
    /// Agent and tool; 0 stands for all together.
    struct Pair: Hashable {
        var agent: Int32
        var tool: Int32
    }

    /// The busiest minute so far, the earliest of equals, and how many minutes had a call.
    struct Peak {
        var calls: Int32 = 0
        var minute: Int64 = 0
        var active: Int32 = 0
    }

    /// A minute of the day, an agent and a tool; 20 bits each hold more than a dictionary does.
    private struct Key: Hashable {
        var bits: UInt64

        init(_ minuteOfDay: Int64, _ pair: Pair) {
            bits = UInt64(minuteOfDay) << 40 | UInt64(UInt32(bitPattern: pair.agent)) << 20
                | UInt64(UInt32(bitPattern: pair.tool))
        }

        var minuteOfDay: Int64 { Int64(bits >> 40) }
        var pair: Pair {
            Pair(agent: Int32(truncatingIfNeeded: bits >> 20 & 0xFFFFF), tool: Int32(truncatingIfNeeded: bits & 0xFFFFF))
        }
    }

    /// The day's start, in seconds since 1970.
    let start: Int64
    /// When it was last counted in, by the count of uses.
    var lastUse = 0
    private var counts: [Key: Int32] = [:]
    private(set) var peaks: [Pair: Peak] = [:]
    private(set) var changedPeaks: Set<Pair> = []
    private var changedMinutes: Set<Key> = []

    init(start: Int64) {
        self.start = start
    }

    /// Whether a minute changed since the last call of `forgetMinuteChanges`.
    var hasChanges: Bool { !changedMinutes.isEmpty }

    /// How many counts it holds.
    var size: Int { counts.count }

    /// Counts calls in a minute, given by its start in seconds since 1970.
    mutating func add(minute: Int64, agent: Int32, tool: Int32, calls: Int32) {
        let key = Key((minute - start) / Clock.minute, Pair(agent: agent, tool: tool))
        changedMinutes.insert(key)
        add(minute, key, calls)
        add(minute, Key(key.minuteOfDay, Pair(agent: agent, tool: 0)), calls)
        add(minute, Key(key.minuteOfDay, Pair(agent: 0, tool: tool)), calls)
        add(minute, Key(key.minuteOfDay, Pair(agent: 0, tool: 0)), calls)
    }

    private mutating func add(_ minute: Int64, _ key: Key, _ calls: Int32) {
        let pair = key.pair
        let total = calls + counts[key, default: 0]
        counts[key] = total
        var peak = peaks[pair, default: Peak()]
        let isNewMinute = total == calls
        if isNewMinute { peak.active += 1 }
        let isPeak = total > peak.calls || (total == peak.calls && minute < peak.minute)
        if isPeak {
            peak.calls = total
            peak.minute = minute
        }
        guard isPeak || isNewMinute else { return }
        peaks[pair] = peak
        changedPeaks.insert(pair)
    }

    /// The counts by agent and tool; only those changed since the last call of `forgetChanges` where asked.
    func forEachMinute<Failure: Error>(
        changedOnly: Bool, _ body: (_ minute: Int64, Pair, _ calls: Int32) throws(Failure) -> Void
    ) throws(Failure) {
        func visit(_ key: Key, _ calls: Int32) throws(Failure) {
            try body(start + key.minuteOfDay * Clock.minute, key.pair, calls)
        }
        if changedOnly {
            for key in changedMinutes { try visit(key, counts[key, default: 0]) }
        } else {
            for (key, calls) in counts where key.pair.agent != 0 && key.pair.tool != 0 { try visit(key, calls) }
        }
    }

    /// Takes the peaks as written.
    mutating func forgetPeakChanges() {
        changedPeaks.removeAll(keepingCapacity: true)
    }

    /// Takes the minutes as written.
    mutating func forgetMinuteChanges() {
        changedMinutes.removeAll(keepingCapacity: true)
    }
}
