import Events

/// Calls of one agent with the same tool, arguments and verdict that came right after each other.
struct TailStreak {
    /// What must be alike.
    struct Key: Equatable {
        let agent: String?
        let server: String
        let tool: String
        let arguments: Digest64?
        let verdict: Verdict
        let mode: Mode
        let reason: Reason
        let rule: String?

        init(_ decision: Decision) {
            agent = decision.agent
            server = decision.server
            tool = decision.tool ?? decision.method
            arguments = decision.argumentDigest
            verdict = decision.verdict
            mode = decision.mode
            reason = decision.reason
            rule = decision.rule
        }
    }

    let key: Key
    let number: Int
    var row: TailRow
    let first: Timestamp
    var last: Timestamp
    var calls = 1
    /// Calls that ended badly or slowly.
    var wrong = 0
    /// Calls that stand in lines already printed.
    var told = 1
    var toldAt: Timestamp?

    /// `×37 same arguments, 3 failed or slow, since 14:02:11`.
    var words: String {
        let same = key.arguments == nil ? "alike" : "same arguments"
        let faults = wrong > 0 ? ", \(Words.count(wrong)) failed or slow" : ""
        return "×\(Words.count(calls)) \(same)\(faults), since \(Words.time(first))"
    }
}
