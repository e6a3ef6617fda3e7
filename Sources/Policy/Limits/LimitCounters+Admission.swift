import Events

/// What limits say of a call.
enum Admission {
    /// All of them have room, and have counted it.
    case admitted(LimitReading?)
    /// One of them has none, and none has counted it.
    case refused(LimitRefusal)
}

/// Why, and until when, a limit refuses a call.
struct LimitRefusal {
    enum Cause {
        /// The window is full; there will be room at `retryAt`.
        case full
        /// The call alone is more than the limit ever admits.
        case never
        /// The caller has no identity to count by.
        case unidentified
        /// There is no memory for one more counter.
        case noRoom
    }

    var cause: Cause
    /// The limit that is named: its place among the shared limits and then the tool's own.
    var limit: Int
    var used: Int64
    /// The moment from which all limits have room, in microseconds; nil where it never comes.
    var retryAt: Int64?
}

extension LimitCounters {
    /// Counts a call in all its limits, or in none of them.
    ///
    /// - Parameters:
    ///   - cost: what limits with `increment_from` count.
    ///   - now: a moment that `advance(to:)` returned.
    ///   - counting: false only looks whether all have room.
    mutating func admit(
        _ shared: [CompiledLimit], _ own: [CompiledLimit], caller: Caller, cost: Int64, at now: Int64,
        counting: Bool = true
    ) -> Admission {
        let total = shared.count + own.count
        guard total > 0 else { return .admitted(nil) }
        forgetSome(4 * total, at: now)
        return withUnsafeTemporaryAllocation(byteCount: ScopeKey.maximumBytes, alignment: 8) { buffer in
            var refusal: LimitRefusal?
            var missing = 0
            for place in 0..<total {
                let limit = place < shared.count ? shared[place] : own[place - shared.count]
                guard let key = ScopeKey.of(limit.scope, caller) else {
                    return .refused(LimitRefusal(cause: .unidentified, limit: place, used: 0, retryAt: nil))
                }
                let cost = limit.increment ?? cost
                let length = key.write(to: buffer)
                let found = look(limit, UnsafeRawBufferPointer(rebasing: buffer[..<length]), cost: cost, at: now)
                if !found.exists, cost > 0 { missing += 1 }
                guard found.used + cost > limit.maximum || limit.maximum == 0 else { continue }
                let isNever = cost > limit.maximum || limit.maximum == 0
                let next = LimitRefusal(
                    cause: isNever ? .never : .full, limit: place, used: found.used,
                    retryAt: isNever ? nil : found.freedAt)
                refusal = refusal.map { $0.joined(with: next) } ?? next
            }
            if let refusal { return .refused(refusal) }
            guard missing == 0 || hasRoom(for: missing, at: now) else {
                let retry = now + LimitCounters.fullRetry
                return .refused(LimitRefusal(cause: .noRoom, limit: 0, used: 0, retryAt: retry))
            }
            guard counting else { return .admitted(nil) }
            return .admitted(countAll(shared, own, caller: caller, cost: cost, at: now, buffer))
        }
    }

    /// What a limit's window holds, and when it has room for a cost.
    mutating func look(
        _ limit: CompiledLimit, _ key: UnsafeRawBufferPointer, cost: Int64, at now: Int64
    ) -> (exists: Bool, used: Int64, freedAt: Int64) {
        guard let handle = find(limit.identity, key, hash: LimitCounters.hash(limit.identity, key)) else {
            return (false, 0, now)
        }
        return arena.withMutableBlock(handle) { words in
            let block = CounterBlock(words)
            block.settle(at: now)
            let used = block.used
            let excess = used + cost - limit.maximum
            return (true, used, excess > 0 && cost <= limit.maximum ? block.freed(excess) : now)
        }
    }

    private mutating func countAll(
        _ shared: [CompiledLimit], _ own: [CompiledLimit], caller: Caller, cost: Int64, at now: Int64,
        _ buffer: UnsafeMutableRawBufferPointer
    ) -> LimitReading? {
        var nearest: (limit: CompiledLimit, used: Int64)?
        for place in 0..<(shared.count + own.count) {
            let limit = place < shared.count ? shared[place] : own[place - shared.count]
            guard let scope = ScopeKey.of(limit.scope, caller) else { continue }
            let key = UnsafeRawBufferPointer(rebasing: buffer[..<scope.write(to: buffer)])
            let cost = limit.increment ?? cost
            let used =
                cost > 0
                ? count(cost, for: limit, key: key, hash: LimitCounters.hash(limit.identity, key), at: now)
                : look(limit, key, cost: 0, at: now).used
            if let other = nearest, !limit.isNearer(used, than: other.limit, other.used) { continue }
            nearest = (limit, used)
        }
        return nearest.map { $0.limit.reading(used: $0.used) }
    }
}

extension LimitRefusal {
    /// One refusal for two limits: named after the first, or after one that will never admit the call; to be tried
    /// again when the last of them has room.
    fileprivate func joined(with other: LimitRefusal) -> LimitRefusal {
        if cause == .never { return self }
        if other.cause == .never { return other }
        var joined = self
        if let mine = retryAt, let theirs = other.retryAt { joined.retryAt = max(mine, theirs) }
        return joined
    }
}
