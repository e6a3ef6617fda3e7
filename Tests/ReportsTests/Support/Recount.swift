import Events

/// Counts over the very records, by the plainest code there is: what the report must say.
struct Recount {
    struct Call {
        let at: Timestamp
        let decision: Decision
        let outcome: Outcome?

        var isStopped: Bool {
            decision.mode == .enforce && (decision.verdict == .deny || decision.verdict == .throttle)
        }
        var isError: Bool {
            guard let ending = outcome?.ending else { return false }
            return [.toolError, .rpcError, .httpError, .timeout, .upstreamDown, .overloaded].contains(ending)
        }
        var day: Int { Int(at.microseconds / 86_400_000_000) }
        var hour: Int { Int(at.microseconds / 3_600_000_000) }
        var minute: Int { Int(at.microseconds / 60_000_000) }
    }

    let calls: [Call]

    init(_ records: [Record], from: Timestamp, to: Timestamp) {
        var outcomes: [UInt64: Outcome] = [:]
        for record in records {
            if case .outcome(let outcome) = record.body { outcomes[outcome.of] = outcome }
        }
        calls = records.compactMap { record in
            guard case .decision(let decision) = record.body, decision.method == "tools/call", record.timestamp >= from,
                record.timestamp < to
            else { return nil }
            return Call(at: record.timestamp, decision: decision, outcome: outcomes[record.seq])
        }
    }

    func of(agent: String?) -> [Call] { calls.filter { $0.decision.agent == agent } }

    static func peak(_ calls: [Call]) -> Int {
        Dictionary(grouping: calls, by: \.minute).values.map(\.count).max() ?? 0
    }
}
