public import Events

/// What an allowed call took from its limits, as the gateway knows it while the call runs and as the log tells it.
public struct Reservation: Sendable, Equatable {
    /// The tool.
    public var tool: String
    /// Who called.
    public var caller: Caller
    /// What a limit with `increment_from` counted.
    public var cost: Int?
    /// When: the decision's `ts`.
    public var at: Timestamp

    /// Describes a reservation.
    public init(tool: String, caller: Caller, cost: Int?, at: Timestamp) {
        self.tool = tool
        self.caller = caller
        self.cost = cost
        self.at = at
    }

    /// What a recorded decision took; nil when it took nothing, because it allowed nothing or decided about no tool.
    public init?(_ decision: Decision, at: Timestamp) {
        guard decision.verdict == .allow, let tool = decision.tool else { return nil }
        self.init(tool: tool, caller: Caller(decision), cost: decision.cost, at: at)
    }
}

extension Caller {
    /// The caller that a record names.
    public init(_ decision: Decision) {
        self.init(agent: decision.agent, grant: decision.grant, session: decision.session, server: decision.server)
    }
}

extension LimitCounters {
    /// Counts again what a recorded call took: at start, for the decisions of the last windows in the order of `seq`.
    ///
    /// - Parameter policy: the policy in force for that caller now.
    public mutating func restore(_ reservation: Reservation, under policy: CompiledPolicy) {
        let now = advance(to: reservation.at)
        eachCounter(of: reservation, under: policy) { counters, limit, key, cost in
            let hash = LimitCounters.hash(limit.identity, key)
            guard counters.find(limit.identity, key, hash: hash) != nil || counters.hasRoom(for: 1, at: now) else {
                return
            }
            counters.count(cost, for: limit, key: key, hash: hash, at: now)
        }
        forgetSome(4, at: now)
    }

    /// Gives back what a call took that never reached its server, as far as it is still inside its windows.
    ///
    /// - Parameters:
    ///   - policy: the policy that decided the call.
    ///   - now: when the outcome is recorded.
    public mutating func giveBack(_ reservation: Reservation, under policy: CompiledPolicy, now: Timestamp) {
        let now = advance(to: now)
        eachCounter(of: reservation, under: policy) { counters, limit, key, cost in
            let hash = LimitCounters.hash(limit.identity, key)
            guard let handle = counters.find(limit.identity, key, hash: hash) else { return }
            counters.arena.withMutableBlock(handle) { words in
                let block = CounterBlock(words)
                block.settle(at: now)
                block.giveBack(cost, countedAt: reservation.at.microseconds)
            }
        }
    }

    /// Whether some more counters may be made, once empty ones are forgotten.
    mutating func hasRoom(for more: Int, at now: Int64) -> Bool {
        if count + more > maximumCounters { forgetAllEmpty(at: now) }
        return count + more <= maximumCounters
    }

    private mutating func eachCounter(
        of reservation: Reservation, under policy: CompiledPolicy,
        _ body: (inout LimitCounters, CompiledLimit, UnsafeRawBufferPointer, Int64) -> Void
    ) {
        let (shared, own) = policy.limits(ofTool: reservation.tool)
        withUnsafeTemporaryAllocation(byteCount: ScopeKey.maximumBytes, alignment: 8) { buffer in
            for limit in [shared, own].joined() {
                let cost = limit.increment ?? Int64(max(0, reservation.cost ?? 0))
                guard cost > 0, let key = ScopeKey.of(limit.scope, reservation.caller) else { continue }
                let length = key.write(to: buffer)
                body(&self, limit, UnsafeRawBufferPointer(rebasing: buffer[..<length]), cost)
            }
        }
    }
}
