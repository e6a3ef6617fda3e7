import Events

/// What limits remember: how much each window holds, for every limit and every value of its scope.
///
/// Apart from the policy, so that a reload keeps it. A plain value without a lock: mutate it in the critical section
/// that also fixes the record's `ts` and `seq`, and a replay of the log decides as the gateway did.
///
/// Memory: a counter whose maximum is at most 10 takes up to 128 bytes, its scope's value and 8 to 22 bytes of
/// index, so a million fit into 256 MB. Larger ones take up to 1,300 bytes. Counters whose window is empty are
/// forgotten, a few at each decision; none is forgotten while it could still deny. At `maximumCounters` a call that
/// needs one more is throttled.
public struct LimitCounters: Sendable {
    /// Waiting time told to a caller for whom there is no room: one second.
    static let fullRetry: Int64 = 1_000_000

    /// The most counters kept at once.
    public let maximumCounters: Int
    var arena = CounterArena()
    var index = CounterIndex()
    /// The latest moment seen: time never runs backwards here.
    var latest = Int64.min
    /// Where the walk over the index that forgets empty counters stands.
    private var hand = 0

    /// Makes a store without counters.
    ///
    /// - Parameter maximumCounters: the most counters kept at once.
    public init(maximumCounters: Int = 1_000_000) {
        self.maximumCounters = max(1, maximumCounters)
    }

    /// How many counters there are.
    public var count: Int { index.count }

    /// Bytes of memory in use.
    public var bytes: Int { arena.bytes + index.bytes }

    /// Moves time on, never back.
    ///
    /// - Returns: the moment that counts, in microseconds.
    mutating func advance(to now: Timestamp) -> Int64 {
        latest = max(latest, now.microseconds)
        return latest
    }

    // MARK: Finding and making

    static func hash(_ limit: LimitIdentity, _ key: UnsafeRawBufferPointer) -> UInt32 {
        var hasher = Hasher()
        hasher.combine(limit.low)
        hasher.combine(bytes: key)
        return UInt32(truncatingIfNeeded: hasher.finalize())
    }

    /// The counter of a limit and a scope's value.
    @inline(__always)
    func find(_ limit: LimitIdentity, _ key: UnsafeRawBufferPointer, hash: UInt32) -> UInt32? {
        index.find(hash) { handle in
            arena.withBlock(handle) { CounterBlock.matches($0, limit, key: key) }
        }
    }

    /// Counts a cost of at least 1, making the counter where there is none.
    ///
    /// - Returns: what the window holds now.
    @discardableResult
    mutating func count(
        _ cost: Int64, for limit: CompiledLimit, key: UnsafeRawBufferPointer, hash: UInt32, at now: Int64
    ) -> Int64 {
        var handle: UInt32
        if let found = find(limit.identity, key, hash: hash) {
            handle = isWornOut(found, at: now) ? renew(found, limit, key: key, hash: hash) : found
        } else {
            handle = make(limit, key: key)
            index.insert(hash, handle)
        }
        while true {
            let used = arena.withMutableBlock(handle) { words -> Int64? in
                let block = CounterBlock(words)
                block.settle(at: now)
                return block.add(cost, at: now) ? block.used : nil
            }
            if let used { return used }
            let larger = grow(handle, at: now)
            index.move(hash, from: handle, to: larger)
            handle = larger
        }
    }

    /// Whether a counter has become coarse and then empty.
    private mutating func isWornOut(_ handle: UInt32, at now: Int64) -> Bool {
        arena.withMutableBlock(handle) { words in
            let block = CounterBlock(words)
            guard block.shape == .subWindows else { return false }
            block.settle(at: now)
            return block.used == 0
        }
    }

    /// Begins a counter anew, as if it had been forgotten.
    ///
    /// When an empty counter is forgotten depends on its place in the index, which differs from process to process; what
    /// is decided must not.
    private mutating func renew(
        _ handle: UInt32, _ limit: CompiledLimit, key: UnsafeRawBufferPointer, hash: UInt32
    ) -> UInt32 {
        let units = arena.withMutableBlock(handle) { CounterBlock($0).units }
        let fresh = make(limit, key: key)
        index.move(hash, from: handle, to: fresh)
        arena.release(handle, units: units)
        return fresh
    }

    private mutating func make(_ limit: CompiledLimit, key: UnsafeRawBufferPointer) -> UInt32 {
        let units = CounterBlock.units(shape: limit.shape, capacity: limit.firstCapacity, keyBytes: key.count)
        let handle = arena.allocate(units: units)
        arena.withMutableBlock(handle) { words in
            CounterBlock(words).initialize(
                limit.identity, key: key, shape: limit.shape, capacity: limit.firstCapacity, units: units)
        }
        return handle
    }

    /// Moves a full ring into a larger block: first a ring of 32 entries, then sub-windows.
    private mutating func grow(_ handle: UInt32, at now: Int64) -> UInt32 {
        var copy: [UInt64] = []
        arena.withBlock(handle) { words in copy = Array(words.prefix(CounterArena.maximumUnits * 2)) }
        return copy.withUnsafeMutableBufferPointer { words in
            let old = CounterBlock(words)
            let becomesSubWindows = old.capacity >= CounterBlock.maximumRing
            let shape = becomesSubWindows ? CounterShape.subWindows : old.shape
            let capacity = becomesSubWindows ? 0 : CounterBlock.maximumRing
            let units = CounterBlock.units(shape: shape, capacity: capacity, keyBytes: old.key.count)
            let larger = arena.allocate(units: units)
            arena.withMutableBlock(larger) { words in
                let new = CounterBlock(words)
                let identity = LimitIdentity(copying: old)
                new.initialize(identity, key: old.key, shape: shape, capacity: capacity, units: units)
                new.take(old, at: now)
            }
            arena.release(handle, units: old.units)
            return larger
        }
    }

    // MARK: Forgetting

    /// Forgets empty counters among the next places of the index.
    mutating func forgetSome(_ places: Int, at now: Int64) {
        guard index.count > 0 else {
            if index.placeCount > 1024 { removeAll() }
            return
        }
        for _ in 0..<places {
            if hand >= index.placeCount { hand = 0 }
            // Another counter may have moved up into the place: it is looked at next time.
            if !forget(at: hand, now) { hand += 1 }
        }
    }

    /// Forgets every empty counter.
    mutating func forgetAllEmpty(at now: Int64) {
        // Twice, because a removal at the end can move counters to the front.
        for _ in 0..<2 {
            var place = 0
            while place < index.placeCount {
                if !forget(at: place, now) { place += 1 }
            }
        }
    }

    private mutating func forget(at place: Int, _ now: Int64) -> Bool {
        guard let handle = index.handle(at: place) else { return false }
        let (isEmpty, units) = arena.withMutableBlock(handle) { words in
            (CounterBlock(words).isEmpty(at: now), CounterBlock(words).units)
        }
        guard isEmpty else { return false }
        index.remove(at: place)
        arena.release(handle, units: units)
        return true
    }

    private mutating func removeAll() {
        arena.removeAll()
        index.removeAll()
        hand = 0
    }
}

extension LimitIdentity {
    /// The identity that a block carries.
    init(copying block: CounterBlock) {
        high = block.words[0]
        low = block.words[1]
        windowSeconds = UInt32(truncatingIfNeeded: block.words[2])
    }
}

extension CounterBlock {
    /// Takes over what a settled ring holds.
    func take(_ ring: CounterBlock, at now: Int64) {
        if shape == .subWindows { clearSubWindows(at: now) }
        for index in 0..<ring.count {
            let time = ring[ring.entry(index)]
            let cost = ring.cost(of: index)
            if shape == .subWindows {
                addToSubWindow(cost, at: time)
            } else {
                self[entry(index)] = time
                if shape == .costRing { self[entry(index) + 1] = cost }
            }
        }
        if shape != .subWindows { setRing(count: ring.count, head: 0) }
        setUsed(ring.used)
    }
}
