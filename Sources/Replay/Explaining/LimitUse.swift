import Events
import Policy

/// What one limit had counted when a call was decided, call by call.
struct LimitUse {
    let rule: LimitRule
    /// The tool whose limit it is; nil for one of all tools.
    let tool: String?
    private let decision: Decision
    private let at: Timestamp
    private(set) var taken: [Explanation.Call] = []

    init(_ rule: LimitRule, tool: String?, of decision: Decision, at: Timestamp) {
        self.rule = rule
        self.tool = tool
        self.decision = decision
        self.at = at
    }

    /// From when on what was counted still counts.
    var begin: Timestamp {
        let window = Int64(rule.windowSeconds) * 1_000_000
        switch rule.algorithm {
        case .sliding: return at.advanced(by: 1 - window)
        case .fixed: return Timestamp(microseconds: at.microseconds / window * window)
        }
    }

    /// What is counted of all that counts, this call left out.
    var used: Int { taken.reduce(0) { $0 + $1.cost } }

    /// What this call counts.
    var cost: Int { cost(of: decision) }

    /// Whether this call finds room.
    var hasRoom: Bool { used + cost <= rule.maximum }

    /// When the window has room for this call, if nobody else takes it; nil for never.
    var room: Timestamp? {
        guard cost <= rule.maximum else { return nil }
        let window = Int64(rule.windowSeconds) * 1_000_000
        guard rule.algorithm == .sliding else { return begin.advanced(by: window) }
        var left = used
        for call in taken {
            if left + cost <= rule.maximum { break }
            left -= call.cost
            if left + cost <= rule.maximum { return call.at.advanced(by: window) }
        }
        return at
    }

    /// Whether another call counts in the same counter.
    func shares(_ other: Decision) -> Bool {
        guard tool == nil || other.tool == tool, other.policy == decision.policy else { return false }
        func owner(_ decision: Decision) -> [String?] {
            decision.grant.map { [$0] } ?? [decision.agent, decision.server, ""]
        }
        return switch rule.scope {
        case .grant: owner(other) == owner(decision)
        case .agent: (other.agent ?? other.grant) == (decision.agent ?? decision.grant)
        case .session:
            owner(other) == owner(decision) && other.session == decision.session && other.server == decision.server
        case .server: other.server == decision.server
        case .global: true
        }
    }

    mutating func take(_ other: Decision, _ seq: UInt64, _ time: Timestamp) {
        guard other.verdict == .allow, time >= begin, shares(other) else { return }
        taken.append(Explanation.Call(seq: seq, at: time, cost: cost(of: other)))
    }

    mutating func giveBack(_ seq: UInt64) {
        taken.removeAll { $0.seq == seq }
    }

    private func cost(of decision: Decision) -> Int {
        switch rule.increment {
        case .constant(let value): value
        case .from: decision.cost ?? 0
        }
    }
}
