import AuditLog
import Events
import MCP
import Policy

extension LogWriter {
    /// A record's name: `<log>/<seq>`.
    func name(of ticket: LogTicket) -> String { name + "/" + String(ticket.seq) }
}

extension Denial {
    /// What the caller of a call that a policy denied is told.
    init(_ verdict: PolicyVerdict, tool: String, record: String) {
        let limit = verdict.limit.map {
            Denial.Limit(
                counter: $0.counter, windowSeconds: $0.windowSeconds, maximum: $0.maximum, used: $0.used)
        }
        self.init(
            text: verdict.callerText(tool: tool), record: record, decision: verdict.verdict.rawValue,
            reason: verdict.reason.rawValue, rule: verdict.rule ?? "",
            retryAfterMilliseconds: verdict.retryAfterMilliseconds, limit: limit)
    }
}

/// The answer to a call that cannot be recorded.
enum AuditUnavailable {
    /// Appends the answer: a denial that a model can read for a tool call, an error for anything else.
    static func append(to line: inout [UInt8], request: OpenRequest, record: String?) {
        append(
            to: &line, id: request.idToken, isCall: request.method == .toolsCall, era: request.era, record: record)
    }

    static func append(
        to line: inout [UInt8], id: [UInt8], isCall: Bool, era: ProtocolEra, record: String?
    ) {
        guard isCall else {
            AnswerWriter.append(
                error: .auditUnavailable, message: "the audit log cannot be written; nothing is forwarded", id: id,
                to: &line)
            return
        }
        let denial = Denial(
            text: "[POLICY DENIED] The audit log cannot be written, so this call was not made. Try again later, and "
                + "tell the operator: tollgate doctor",
            record: record, decision: Verdict.deny.rawValue, reason: Reason.auditUnavailable.rawValue,
            rule: "(audit unavailable)")
        AnswerWriter.append(denial, id: id, era: era, to: &line)
    }
}
