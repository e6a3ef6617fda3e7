import Events

@testable import Terminal

/// Records and lines for the tail's tests.
enum Fixture {
    static let start = moment("2026-11-16T14:02:00.000000Z")

    static func moment(_ text: String) -> Timestamp {
        Timestamp(text: text) ?? Timestamp(microseconds: 0)
    }

    static func at(_ seconds: Double) -> Timestamp {
        start.advanced(by: Int64(seconds * 1e6))
    }

    static func decision(
        _ agent: String? = "ci-builder", _ tool: String? = "build", server: String = "ecs", verdict: Verdict = .allow,
        reason: Reason? = nil, arguments: UInt64 = 1, change: (inout Decision) -> Void = { _ in }
    ) -> Record.Body {
        let reasons: [Verdict: Reason] = [.allow: .allowed, .deny: .defaultDeny, .throttle: .limit, .hold: .approval]
        var decision = Decision(
            gateway: "g", identity: .flag, server: server, transport: .stdio,
            method: tool == nil ? "tools/list" : "tools/call",
            verdict: verdict, mode: .enforce, reason: reason ?? reasons[verdict] ?? .allowed)
        decision.agent = agent
        decision.tool = tool
        decision.risk = tool == nil ? nil : .execute
        decision.argumentDigest = Digest64(arguments)
        change(&decision)
        return .decision(decision)
    }

    static func outcome(of: UInt64, _ ending: Ending = .ok, tool: String = "build", microseconds: Int = 1_000)
        -> Record.Body
    {
        var outcome = Outcome(of: of, ending: ending)
        outcome.agent = "ci-builder"
        outcome.server = "ecs"
        outcome.tool = tool
        outcome.upstreamMicroseconds = microseconds
        return .outcome(outcome)
    }

    /// The line that the encoder writes, without its newline.
    static func line(_ seq: UInt64, _ seconds: Double, _ body: Record.Body) -> [UInt8] {
        var buffer = LineBuffer()
        buffer.append(Record(seq: seq, timestamp: at(seconds), body: body))
        return Array(buffer.bytes.dropLast())
    }

    static func entry(_ seq: UInt64, _ seconds: Double, _ body: Record.Body, log: Int = 0) -> TailEntry {
        TailEntry(log: log, seq: seq, bytes: line(seq, seconds, body), after: Timestamp(microseconds: .min))
    }

    /// A source that hands over each block once.
    static func source(_ name: String, _ blocks: [[[UInt8]]]) -> TailSource {
        var rest = blocks[...]
        var seq: UInt64 = 0
        return TailSource(name: name) {
            guard let lines = rest.popFirst() else { return nil }
            defer { seq += UInt64(lines.count) }
            return TailBlock(firstSeq: seq, lines: lines)
        }
    }

    static let terminal = Display(isTerminal: true, columns: 120, usesColour: false)

    static func shown(_ view: inout TailView) -> String {
        String(decoding: view.take(), as: UTF8.self)
    }
}
