import Policy

/// How much use the windows of one length hold, of one tool.
struct UseWindows {
    /// Windows with any benign use, each caller's by itself, aligned to the clock.
    let count: Int
    /// The 99.9th percentile of what they hold, by nearest rank.
    let percentile: Int
    /// The most benign calls of one caller within any window, wherever it begins.
    ///
    /// Measured over a 32nd more than the window: limits over 32 calls count a 64th of it longer.
    let largest: Int

    /// - Parameters:
    ///   - events: in the order of time.
    ///   - keys: what tells callers apart, by their places.
    init(_ events: [ObservedUse.Event], keys: [Int32: Int], seconds: Int) {
        let window = Int64(seconds) * 1_000_000
        let reach = window + window / 32
        var times: [Int: [Int64]] = [:]
        for event in events where event.isBenign { times[keys[event.caller] ?? -1, default: []].append(event.time) }
        var counts: [Int] = []
        var largest = 0
        for own in times.values {
            var (number, held, oldest) = (Int64.min, 0, 0)
            for (index, time) in own.enumerated() {
                while own[oldest] <= time - reach { oldest += 1 }
                largest = max(largest, index - oldest + 1)
                let next = time / window
                if next != number {
                    if held > 0 { counts.append(held) }
                    (number, held) = (next, 0)
                }
                held += 1
            }
            if held > 0 { counts.append(held) }
        }
        counts.sort()
        count = counts.count
        percentile = counts.isEmpty ? 0 : counts[max(0, (counts.count * 999 + 999) / 1000 - 1)]
        self.largest = largest
    }
}

extension LimitScope {
    /// Whom a proposed limit counts together: grants; agents where none of the callers has one; the server where somebody
    /// has no name at all, whom no other limit would let through.
    static func proposed(for callers: some Sequence<Caller>) -> LimitScope {
        let callers = Array(callers)
        guard callers.allSatisfy({ $0.grant != nil || $0.agent != nil }) else { return .server }
        return callers.contains { $0.grant != nil } ? .grant : .agent
    }

    /// What tells callers apart under this scope, as a text.
    func key(of caller: Caller) -> String {
        let server = caller.server.utf8.count
        switch self {
        case .grant, .session:
            return caller.grant.map { "grant \($0)" } ?? "agent \(server) \(caller.server) \(caller.agent ?? "")"
        case .agent: return caller.agent.map { "agent \($0)" } ?? "grant \(caller.grant ?? "")"
        case .server: return caller.server
        case .global: return ""
        }
    }
}
