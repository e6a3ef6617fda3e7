import Events

/// Records as OpenTelemetry log records in OTLP's JSON (numbers of 64 bits are strings there).
///
/// Source: opentelemetry-proto `logs/v1`, the OTLP specification's JSON encoding, the semantic conventions of MCP and GenAI.
enum OTLPExport {
    static func begin(log: String, _ out: inout LineBuffer) {
        out.append(
            "{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"tollgate\"}}"
        )
        var attributes = Attributes(isFirst: false)
        attributes.add("tollgate.log", log, &out)
        out.append("]},\"scopeLogs\":[{\"scope\":{\"name\":\"tollgate\"},\"logRecords\":[")
    }

    static func end(_ out: inout LineBuffer) {
        out.append("]}]}]}\n")
    }

    static func append(_ record: Record, log: String, to out: inout LineBuffer) {
        out.append("{\"timeUnixNano\":\"")
        out.append(decimal: record.timestamp.microseconds)
        out.append("000\",\"severityNumber\":")
        let isWarning = isWarning(record.body)
        out.append(decimal: Int64(isWarning ? 13 : 9))
        out.append(
            raw:
                ",\"severityText\":\"\(isWarning ? "WARN" : "INFO")\",\"eventName\":\"tollgate.\(record.kind.rawValue)\""
        )
        if case .decision(let decision) = record.body { out.member(",\"traceId\":", decision.trace) }
        out.append(",\"attributes\":[")
        var attributes = Attributes(isFirst: true)
        attributes.add("log.record.uid", "\(log)/\(record.seq)", &out)
        switch record.body {
        case .decision(let decision): add(decision, &attributes, &out)
        case .outcome(let outcome): add(outcome, &attributes, &out)
        case .control(let control): add(control, &attributes, &out)
        }
        out.append("]}")
    }

    private static func isWarning(_ body: Record.Body) -> Bool {
        switch body {
        case .decision(let decision): decision.verdict != .allow && decision.mode == .enforce
        case .outcome(let outcome): outcome.ending != .ok
        case .control(let control): [.gap, .logRecovered, .alert, .clockStep].contains(control.event)
        }
    }

    private static func add(_ decision: Decision, _ attributes: inout Attributes, _ out: inout LineBuffer) {
        attributes.add("mcp.method.name", decision.method, &out)
        attributes.add("gen_ai.tool.name", decision.tool, &out)
        attributes.add("mcp.session.id", decision.session, &out)
        attributes.add("mcp.protocol.version", decision.protocolRevision, &out)
        attributes.add("jsonrpc.request.id", decision.rpcID, &out)
        attributes.add("client.address", decision.peer, &out)
        attributes.add("tollgate.agent", decision.agent, &out)
        attributes.add("tollgate.grant", decision.grant, &out)
        attributes.add("tollgate.server", decision.server, &out)
        attributes.add("tollgate.decision", decision.verdict.rawValue, &out)
        attributes.add("tollgate.mode", decision.mode.rawValue, &out)
        attributes.add("tollgate.reason", decision.reason.rawValue, &out)
        attributes.add("tollgate.rule", decision.rule, &out)
        attributes.add("tollgate.risk", decision.risk?.rawValue, &out)
        attributes.add("tollgate.policy.digest", decision.policyDigest?.description, &out)
        attributes.add("tollgate.arg.digest", decision.argumentDigest?.description, &out)
        attributes.add("tollgate.arg.bytes", decision.argumentBytes, &out)
    }

    private static func add(_ outcome: Outcome, _ attributes: inout Attributes, _ out: inout LineBuffer) {
        attributes.add("tollgate.of", Int(clamping: outcome.of), &out)
        attributes.add("tollgate.outcome", outcome.ending.rawValue, &out)
        attributes.add("mcp.method.name", outcome.method, &out)
        attributes.add("gen_ai.tool.name", outcome.tool, &out)
        attributes.add("tollgate.agent", outcome.agent, &out)
        attributes.add("tollgate.server", outcome.server, &out)
        attributes.add("tollgate.code", outcome.code, &out)
        attributes.add("tollgate.upstream.us", outcome.upstreamMicroseconds, &out)
        attributes.add("tollgate.result.bytes", outcome.resultBytes, &out)
    }

    private static func add(_ control: Control, _ attributes: inout Attributes, _ out: inout LineBuffer) {
        attributes.add("tollgate.event", control.event.rawValue, &out)
        for (key, value) in control.fields {
            switch value {
            case .integer(let number): attributes.add("tollgate.\(key.rawValue)", Int(clamping: number), &out)
            case .string(let text): attributes.add("tollgate.\(key.rawValue)", text, &out)
            }
        }
    }

    /// A list of attributes that is being written.
    private struct Attributes {
        var isFirst: Bool

        mutating func add(_ key: String, _ text: String?, _ out: inout LineBuffer) {
            guard let text else { return }
            begin(key, &out)
            out.member("\"stringValue\":", text)
            out.append("}}")
        }

        mutating func add(_ key: String, _ number: Int?, _ out: inout LineBuffer) {
            guard let number else { return }
            begin(key, &out)
            out.append(raw: "\"intValue\":\"\(number)\"}}")
        }

        private mutating func begin(_ key: String, _ out: inout LineBuffer) {
            if !isFirst { out.append(",") }
            isFirst = false
            out.append(raw: "{\"key\":\"\(key)\",\"value\":{")
        }
    }
}
