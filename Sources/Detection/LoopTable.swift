/// The last few distinct arguments of one agent and tool, each with how often they came lately.
///
/// Four entries: of the least repeated any one makes room, as if drawn. What is repeated is kept. Were it always the oldest,
/// five arguments in turn would each push out the one that comes next, and none would ever be seen again.
struct LoopTable: BitwiseCopyable {
    static let window: Int64 = 1_800_000_000

    var slots = InlineArray<4, LoopSlot>(repeating: LoopSlot())

    /// The entry for these arguments, an older one's place where they are new.
    mutating func slot(
        for digest: UInt64, at time: Int64, origin: EpisodeOrigin, repeats: inout RepeatHistogram
    ) -> Int {
        var own: Int?
        for index in slots.indices where slots[index].isUsed && slots[index].digest == digest {
            guard time - slots[index].last > Self.window else { return index }
            own = index
        }
        let place = own ?? place(forNew: digest, at: time)
        if slots[place].isUsed { repeats.add(Int(slots[place].most)) }
        slots[place] = LoopSlot(digest: digest, origin: origin)
        return place
    }

    /// The entry that makes room.
    private func place(forNew digest: UInt64, at time: Int64) -> Int {
        var place = 0
        var (lowest, alike) = (UInt8.max, UInt64(0))
        // The same in every replay, and another for the same arguments each time they come.
        let draw = ((digest ^ UInt64(bitPattern: time)) &* 0x9E37_79B9_7F4A_7C15) >> 32
        for index in slots.indices {
            let rank = slots[index].rank(at: time)
            guard rank <= lowest else { continue }
            alike = rank < lowest ? 1 : alike + 1
            lowest = rank
            // One of two, of three, of four: each is as likely (Vitter, *Random sampling with a reservoir*, 1985).
            if (draw >> (8 * (alike - 1))) % alike == 0 { place = index }
        }
        return place
    }

    /// How often these arguments came in the last 30 minutes, polls included only where they broke off.
    func repeats(of digest: UInt64, at time: Int64) -> Int {
        for index in slots.indices where slots[index].isUsed && slots[index].digest == digest {
            return slots[index].repeats(at: time)
        }
        return 0
    }
}

/// One argument digest's recent repeats, and the rhythm they come in.
struct LoopSlot: BitwiseCopyable {
    private static let period: Int64 = 600_000_000
    private static let loneGap: Int64 = 300_000_000

    let digest: UInt64
    private(set) var origin: EpisodeOrigin
    /// The last call's time; 0 before the first.
    private(set) var last: Int64 = 0
    /// Calls in the current ten minutes and the three before.
    private var periods = InlineArray<4, UInt16>(repeating: 0)
    private var rhythm = Rhythm()
    /// The most repeats seen in a window.
    private(set) var most: UInt8 = 0

    init(digest: UInt64 = 0, origin: EpisodeOrigin = EpisodeOrigin()) {
        self.digest = digest
        self.origin = origin
    }

    var isUsed: Bool { last != 0 }
    var isPolling: Bool { rhythm.isPolling }

    /// The lowest makes room; 0 of what is over.
    func rank(at time: Int64) -> UInt8 {
        guard isUsed, time - last <= LoopTable.window else { return 0 }
        // A poll is worth as much as a loop: losing its rhythm would make a loop of it.
        return isPolling ? .max : max(most, 1)
    }

    /// Notes a call's distance to the last one and returns it, in microseconds; a neutral gap says nothing about rhythm.
    mutating func noteCall(at time: Int64, neutral: Bool) -> Int64 {
        defer {
            shiftPeriods(to: time)
            last = time
        }
        guard last != 0 else { return 0 }
        let gap = time - last
        if !neutral { rhythm.note(gapMilliseconds: UInt32(clamping: gap / 1000)) }
        return gap
    }

    func isRegular(shortest: Int) -> Bool {
        rhythm.isRegular && rhythm.typicalGap >= shortest
    }

    /// What was counted so far was polling and no loop.
    mutating func markPolling() {
        rhythm.isPolling = true
        periods = InlineArray(repeating: 0)
        most = 0
    }

    /// Counts a call that is not part of a poll; one after a poll, or after a lone call some minutes ago, begins an
    /// episode, so that an hourly call is not taken for the beginning of today's loop.
    mutating func count(_ attempts: Int, at time: Int64, after gap: Int64, origin new: EpisodeOrigin) {
        if isPolling || (gap > Self.loneGap && repeats(at: time) <= 1) {
            origin = new
            periods = InlineArray(repeating: 0)
        }
        rhythm.isPolling = false
        periods[0] = UInt16(clamping: Int(periods[0]) + attempts)
        most = max(most, UInt8(clamping: repeats(at: time)))
    }

    /// Calls in the last 30 minutes: exact for an episode that began within them, else those of the last 20 to 30.
    func repeats(at time: Int64) -> Int {
        let recent = Int(periods[0]) + Int(periods[1]) + Int(periods[2])
        return time - origin.start <= LoopTable.window ? recent + Int(periods[3]) : recent
    }

    private mutating func shiftPeriods(to time: Int64) {
        let steps = time / Self.period - last / Self.period
        guard steps > 0 else { return }
        for _ in 0..<min(steps, 4) {
            periods[3] = periods[2]
            periods[2] = periods[1]
            periods[1] = periods[0]
            periods[0] = 0
        }
    }
}

/// Whether identical calls come at equal distances, as a poll's do and a person's, a model's or a retry's do not.
struct Rhythm: BitwiseCopyable {
    /// The distance that the last gaps agree on, in milliseconds.
    private(set) var typicalGap: UInt32 = 0
    private var regular: UInt8 = 0
    private var irregular: UInt8 = 0
    /// Whether the calls are taken for a poll now.
    var isPolling = false

    /// Compares a gap with the typical one: alike to a sixth and a quarter of a second, which is the tool's own latency.
    mutating func note(gapMilliseconds gap: UInt32) {
        guard typicalGap > 0 else {
            typicalGap = max(gap, 1)
            regular = 1
            return
        }
        let difference = gap > typicalGap ? gap - typicalGap : typicalGap - gap
        if difference <= typicalGap / 6 + 250 {
            regular += 1
            typicalGap = gap > typicalGap ? typicalGap + difference / 8 : typicalGap - difference / 8
        } else {
            irregular += 1
            // Where two gaps disagree the shorter is the rhythm: a time-out or a wait only ever lengthens one.
            if irregular > regular || (irregular == regular && gap < typicalGap) { typicalGap = max(gap, 1) }
        }
        if regular + irregular >= 16 {
            regular /= 2
            irregular /= 2
        }
    }

    /// At least four gaps alike, and three in four of the last eight to sixteen.
    var isRegular: Bool {
        regular >= 4 && irregular * 3 <= regular
    }
}
