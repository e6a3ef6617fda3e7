import Events
import MCP
import Policy

extension Denial {
    /// What the caller of a call is told that has been held open for long enough.
    init(callAgain call: HeldCall, name: String) {
        let minutes = max(1, Int((call.deadline - .now) / .seconds(60)))
        self.init(
            text:
                "[APPROVAL NEEDED] id \(name): \(call.key.tool) waits for a person's approval. Make exactly the same call "
                + "again once it is approved, within \(minutes) min.",
            record: name, decision: Verdict.hold.rawValue, reason: Reason.approval.rawValue, rule: call.need.rule)
    }

    /// What the caller of a held call is told that was denied.
    init(ended decision: Decision, record: String?) {
        self.init(
            text: "[POLICY DENIED] \(decision.message ?? "Not approved.")", record: record,
            decision: decision.verdict.rawValue, reason: decision.reason.rawValue, rule: decision.rule ?? "")
    }
}
