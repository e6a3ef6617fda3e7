public import Events

/// Records as rows for people: what an on-call engineer reads when a page says "ci-builder".
///
/// Kept: every tool call's decision; any other request that was refused; outcomes that went wrong or took much longer than
/// that tool usually does; and the control records that change what the lines around them mean (`ControlLine`).
/// Left to `--json`: allowed requests that are no tool calls, well-ended outcomes, heartbeats, seals.
public struct TailFormatter {
    private var gauge = RateGauge()
    private var pace = ToolPace()

    /// Makes a formatter that has seen nothing.
    public init() {}

    /// Learns from a record that is not shown, so that "usual" is known from the first line on.
    public mutating func learn(_ record: Record) {
        switch record.body {
        case .decision(let decision): _ = rate(of: decision, at: record.timestamp)
        case .outcome(let outcome): _ = pace.observe(outcome)
        case .control: break
        }
    }

    /// The row of a decision, nil where it is not shown.
    package mutating func row(_ decision: Decision, at moment: Timestamp) -> TailRow? {
        let reading = rate(of: decision, at: moment)
        guard decision.tool != nil || decision.verdict != .allow else { return nil }
        let (rate, rateInk) = TailFormatter.words(reading)
        return TailRow(
            moment: moment,
            agent: VisibleText.of(decision.agent ?? "(unresolved)"),
            target: VisibleText.of(decision.server) + "·" + VisibleText.of(decision.tool ?? decision.method),
            verdict: TailFormatter.verdict(decision),
            ink: decision.mode == .shadow ? .dim : TailFormatter.ink(decision.verdict),
            why: VisibleText.of(TailFormatter.why(decision)),
            rate: rate, rateInk: rateInk)
    }

    /// How an outcome is told, nil where it went well and in its usual time.
    package mutating func remark(_ outcome: Outcome) -> (text: String, ink: Ink)? {
        let isSlow = pace.observe(outcome)
        let took = TailFormatter.duration(outcome).map { Words.duration(microseconds: $0) }
        if outcome.ending != .ok {
            let code = outcome.code.map { " \($0)" } ?? ""
            return (outcome.ending.rawValue + code + (took.map { " \($0)" } ?? ""), .red)
        }
        guard isSlow, let took else { return nil }
        return ("slow \(took)", .yellow)
    }

    /// An outcome's time as the caller saw it, in microseconds.
    static func duration(_ outcome: Outcome) -> Int64? {
        let parts = [outcome.waitMicroseconds, outcome.upstreamMicroseconds, outcome.gatewayMicroseconds].compactMap {
            $0
        }
        return parts.isEmpty ? nil : parts.reduce(0) { $0 + Int64($1) }
    }

    private mutating func rate(of decision: Decision, at moment: Timestamp) -> RateGauge.Reading? {
        guard let tool = decision.tool, decision.of == nil else { return nil }
        return gauge.observe(agent: decision.agent, server: decision.server, tool: tool, at: moment)
    }

    private static func words(_ reading: RateGauge.Reading?) -> (String, Ink) {
        guard let reading, reading.lastMinute > 1 else { return ("", .dim) }
        let now = "\(Words.count(reading.lastMinute))/min"
        guard let usual = reading.usual, usual > 0 else { return (now, .dim) }
        let factor = Double(reading.lastMinute) / usual
        guard factor >= 1.5 else { return (now, .dim) }
        return ("\(now), \(Words.decimal(factor, places: factor < 9.95 ? 1 : 0))×", factor >= 5 ? .yellow : .dim)
    }

    static func verdict(_ decision: Decision) -> String {
        decision.mode == .shadow && decision.verdict != .allow
            ? "(\(decision.verdict.rawValue))" : decision.verdict.rawValue
    }

    static func ink(_ verdict: Verdict) -> Ink {
        switch verdict {
        case .allow: .plain
        case .deny: .red
        case .throttle, .hold: .yellow
        }
    }

    /// Reason, rule without what the tool's own column already says, and the limit nearest to its maximum.
    static func why(_ decision: Decision) -> String {
        var parts: [String] = []
        if decision.verdict == .allow, decision.reason == .allowed {
            // An allowed call is of note only where it comes near a limit.
        } else if decision.reason == .limit, let limit = decision.limit {
            parts.append("limit \(limit.counter)")
        } else {
            parts.append(decision.reason.rawValue)
            if let rule = shortRule(decision) { parts.append(rule) }
        }
        if let limit = decision.limit, decision.verdict != .deny {
            parts.append("\(limit.used)/\(limit.maximum) per \(window(limit.windowSeconds))")
        }
        if let wait = decision.retryAfterMilliseconds {
            parts.append("retry in \(Words.duration(microseconds: Int64(wait) * 1_000))")
        }
        if let of = decision.of { parts.append("held at \(of)") }
        if let alike = decision.coalesced, alike > 1 { parts.append("×\(Words.count(alike)) alike") }
        return parts.joined(separator: " · ")
    }

    private static func shortRule(_ decision: Decision) -> String? {
        guard let rule = decision.rule, rule != decision.reason.rawValue else { return nil }
        guard let tool = decision.tool, rule.hasPrefix("/tools/\(tool)/") else { return rule }
        return String(rule.dropFirst("/tools/\(tool)/".count))
    }

    private static func window(_ seconds: Int) -> String {
        switch seconds {
        case 1: "s"
        case 60: "min"
        case 3_600: "h"
        case 86_400: "day"
        default: Words.duration(microseconds: Int64(seconds) * 1_000_000)
        }
    }
}
