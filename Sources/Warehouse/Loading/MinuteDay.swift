/// Calls per minute of one UTC day, by agent and tool, and the peaks that follow from them.
struct MinuteDay {
    /// Agent and tool; 0 stands for all together.
    struct Pair: Hashable {
        var agent: Int64
        var tool: Int64
    }

    /// The busiest minute so far, the earliest of equals, and how many minutes had a call.
    struct Peak {
        var calls: Int32 = 0
        var minute: Int64 = 0
        var active: Int32 = 0
        fileprivate var isChanged = false
    }

    /// The day's start, in seconds since 1970.
    let start: Int64
    /// Whether `minute` holds this day, so that changes are written there and need to be known.
    var isStored = false
    /// When it was last counted in, by the count of uses.
    var lastUse = 0
    private var counts = PackedTable<Int32>()
    private var peaks = PackedTable<Peak>()
    private var changedPeaks: [Int] = []
    private var changedMinutes: Set<Int> = []
    /// Whether a minute changed since the last call of `forgetChanges`.
    private(set) var hasChanges = false

    init(start: Int64) {
        self.start = start
    }

    /// How many counts it holds.
    var size: Int { counts.count }

    /// Counts calls in a minute, given by its start in seconds since 1970.
    mutating func add(minute: Int64, agent: Int64, tool: Int64, calls: Int32) {
        hasChanges = true
        let index = add(minute, agent, tool, calls)
        if isStored { changedMinutes.insert(index) }
        _ = add(minute, agent, 0, calls)
        _ = add(minute, 0, tool, calls)
        _ = add(minute, 0, 0, calls)
    }

    private mutating func add(_ minute: Int64, _ agent: Int64, _ tool: Int64, _ calls: Int32) -> Int {
        let pair = UInt64(agent) << 32 | UInt64(tool)
        let index = counts.index(of: PackedKey(high: UInt64(minute - start), low: pair), initial: 0)
        let total = counts.values[index] + calls
        counts.values[index] = total
        let peak = peaks.index(of: PackedKey(high: 0, low: pair), initial: Peak())
        let isNewMinute = total == calls
        let isPeak =
            total > peaks.values[peak].calls
            || (total == peaks.values[peak].calls && minute < peaks.values[peak].minute)
        guard isPeak || isNewMinute else { return index }
        if isNewMinute { peaks.values[peak].active += 1 }
        if isPeak {
            peaks.values[peak].calls = total
            peaks.values[peak].minute = minute
        }
        if !peaks.values[peak].isChanged {
            peaks.values[peak].isChanged = true
            changedPeaks.append(peak)
        }
        return index
    }

    /// The peaks that changed since the last call of `forgetChanges`.
    func forEachChangedPeak(_ body: (Pair, Peak) throws(WarehouseError) -> Void) throws(WarehouseError) {
        for index in changedPeaks { try body(pair(peaks.keys[index].low), peaks.values[index]) }
    }

    /// The counts by agent and tool: all, or where the day is stored those that changed since `forgetChanges`.
    func forEachMinute(
        _ body: (_ minute: Int64, Pair, _ calls: Int32) throws(WarehouseError) -> Void
    ) throws(WarehouseError) {
        for index in isStored ? Array(changedMinutes) : Array(counts.keys.indices) {
            let key = counts.keys[index]
            let pair = pair(key.low)
            if pair.agent != 0, pair.tool != 0 { try body(start + Int64(key.high), pair, counts.values[index]) }
        }
    }

    /// Takes everything as written.
    mutating func forgetChanges() {
        for index in changedPeaks { peaks.values[index].isChanged = false }
        changedPeaks.removeAll(keepingCapacity: true)
        changedMinutes.removeAll(keepingCapacity: true)
        hasChanges = false
    }

    private func pair(_ bits: UInt64) -> Pair {
        Pair(agent: Int64(bits >> 32), tool: Int64(bits & 0xFFFF_FFFF))
    }
}
