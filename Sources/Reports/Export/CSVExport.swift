import Events

/// Records as rows: the fields that decisions, outcomes and control records have, each in a column of its own.
enum CSVExport {
    private static let columns = [
        "seq", "ts", "kind", "gateway", "agent", "grant", "session", "client", "peer", "server", "transport",
        "protocol",
        "method", "rpc_id", "tool", "risk", "arg_digest", "arg_bytes", "decision", "mode", "reason", "rule", "policy",
        "policy_digest", "retry_after_ms", "of", "outcome", "code", "wait_us", "upstream_us", "gateway_us",
        "result_bytes", "result_digest", "event", "n", "summary",
    ]

    static func header(_ out: inout LineBuffer) {
        out.append(raw: columns.joined(separator: ",") + "\r\n")
    }

    static func append(_ record: Record, to out: inout LineBuffer) {
        var cells: [String: String] = [
            "seq": String(record.seq), "ts": record.timestamp.description, "kind": record.kind.rawValue,
        ]
        switch record.body {
        case .decision(let decision): fill(decision, &cells)
        case .outcome(let outcome): fill(outcome, &cells)
        case .control(let control): fill(control, &cells)
        }
        for (index, column) in columns.enumerated() {
            if index > 0 { out.append(",") }
            out.append(raw: CSV.quoted(cells[column] ?? ""))
        }
        out.append("\r\n")
    }

    private static func fill(_ decision: Decision, _ cells: inout [String: String]) {
        cells["gateway"] = decision.gateway
        cells["agent"] = decision.agent
        cells["grant"] = decision.grant
        cells["session"] = decision.session
        cells["client"] = decision.client
        cells["peer"] = decision.peer
        cells["server"] = decision.server
        cells["transport"] = decision.transport.rawValue
        cells["protocol"] = decision.protocolRevision
        cells["method"] = decision.method
        cells["rpc_id"] = decision.rpcID
        cells["tool"] = decision.tool
        cells["risk"] = decision.risk?.rawValue
        cells["arg_digest"] = decision.argumentDigest?.description
        cells["arg_bytes"] = decision.argumentBytes.map { String($0) }
        cells["decision"] = decision.verdict.rawValue
        cells["mode"] = decision.mode.rawValue
        cells["reason"] = decision.reason.rawValue
        cells["rule"] = decision.rule
        cells["policy"] = decision.policy
        cells["policy_digest"] = decision.policyDigest?.description
        cells["retry_after_ms"] = decision.retryAfterMilliseconds.map { String($0) }
        cells["of"] = decision.of.map { String($0) }
        cells["n"] = decision.coalesced.map { String($0) }
    }

    private static func fill(_ outcome: Outcome, _ cells: inout [String: String]) {
        cells["agent"] = outcome.agent
        cells["server"] = outcome.server
        cells["tool"] = outcome.tool
        cells["method"] = outcome.method
        cells["of"] = String(outcome.of)
        cells["outcome"] = outcome.ending.rawValue
        cells["code"] = outcome.code.map { String($0) }
        cells["wait_us"] = outcome.waitMicroseconds.map { String($0) }
        cells["upstream_us"] = outcome.upstreamMicroseconds.map { String($0) }
        cells["gateway_us"] = outcome.gatewayMicroseconds.map { String($0) }
        cells["result_bytes"] = outcome.resultBytes.map { String($0) }
        cells["result_digest"] = outcome.resultDigest?.description
    }

    private static func fill(_ control: Control, _ cells: inout [String: String]) {
        cells["event"] = control.event.rawValue
        for (key, value) in control.fields {
            switch value {
            case .integer(let number): cells[key.rawValue] = String(number)
            case .string(let text): cells[key.rawValue] = text
            }
        }
    }
}
