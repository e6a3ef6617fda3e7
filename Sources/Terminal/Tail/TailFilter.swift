public import Events

/// Which records a tail shows.
///
/// A record passes a filter on a field when it has that field with one of the wanted values, so filters on decision, reason
/// or risk leave decisions only. Names may hold `*` for any run of characters. What tells of a hole in the log itself
/// (`gap`, `log_recovered`, an unreadable line) passes `TailView` whatever the filter: a view over a hole says so.
public struct TailFilter: Sendable {
    /// Agents wanted; empty for all.
    public var agents: [String] = []
    /// Servers wanted; empty for all.
    public var servers: [String] = []
    /// Tools wanted; empty for all.
    public var tools: [String] = []
    /// Decisions wanted; empty for all.
    public var decisions: Set<Verdict> = []
    /// Reasons wanted; empty for all.
    public var reasons: Set<Reason> = []
    /// Risk classes wanted; empty for all.
    public var risks: Set<Risk> = []
    /// The earliest moment wanted.
    public var since: Timestamp?
    /// The first moment that is not wanted any more.
    public var until: Timestamp?
    /// Text that the line must contain, ASCII letters of either case.
    public var text: String?

    /// A filter that passes everything.
    public init() {}

    /// Whether the filter says nothing, so that every record passes.
    public var isEmpty: Bool {
        agents.isEmpty && servers.isEmpty && tools.isEmpty && decisions.isEmpty && reasons.isEmpty && risks.isEmpty
            && since == nil && until == nil && (text ?? "").isEmpty
    }

    /// Whether the line is at or past `until`, so that a reader may stop.
    public func isPast(_ entry: TailEntry) -> Bool {
        until.map { entry.order >= $0 } ?? false
    }

    /// Whether the line passes.
    public func passes(_ entry: TailEntry) -> Bool {
        guard inTime(entry), contains(entry.bytes) else { return false }
        guard let record = entry.record else { return !selects }
        switch record.body {
        case .decision(let decision):
            return wants(agent: decision.agent, server: decision.server, tool: decision.tool)
                && (decisions.isEmpty || decisions.contains(decision.verdict))
                && (reasons.isEmpty || reasons.contains(decision.reason))
                && (risks.isEmpty || decision.risk.map(risks.contains) ?? false)
        case .outcome(let outcome):
            return selectsNoDecision && wants(agent: outcome.agent, server: outcome.server, tool: outcome.tool)
        case .control(let control):
            return selectsNoDecision
                && wants(agent: control.text(.agent), server: control.text(.server), tool: control.text(.tool))
        }
    }

    /// Whether the line lies in the wanted time.
    func inTime(_ entry: TailEntry) -> Bool {
        (since.map { entry.order >= $0 } ?? true) && !isPast(entry)
    }

    private var selectsNoDecision: Bool { decisions.isEmpty && reasons.isEmpty && risks.isEmpty }

    private var selects: Bool { !selectsNoDecision || !agents.isEmpty || !servers.isEmpty || !tools.isEmpty }

    private func wants(agent: String?, server: String?, tool: String?) -> Bool {
        TailFilter.matches(agent, agents) && TailFilter.matches(server, servers) && TailFilter.matches(tool, tools)
    }

    private static func matches(_ value: String?, _ patterns: [String]) -> Bool {
        guard !patterns.isEmpty else { return true }
        guard let value else { return false }
        return patterns.contains { glob(Array($0.utf8), Array(value.utf8)) }
    }

    /// Whether a pattern with `*` covers the whole of a text; linear but for the stars (no exponential backtracking).
    static func glob(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var p = 0
        var t = 0
        var star: (pattern: Int, text: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                star = (p, t)
                p += 1
            } else if p < pattern.count, pattern[p] == text[t] {
                p += 1
                t += 1
            } else if let (back, from) = star {
                p = back + 1
                t = from + 1
                star = (back, from + 1)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    private func contains(_ bytes: [UInt8]) -> Bool {
        guard let text, !text.isEmpty else { return true }
        let wanted = text.utf8.map(TailFilter.lowered)
        guard bytes.count >= wanted.count else { return false }
        return (0...(bytes.count - wanted.count)).contains { start in
            wanted.indices.allSatisfy { TailFilter.lowered(bytes[start + $0]) == wanted[$0] }
        }
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
