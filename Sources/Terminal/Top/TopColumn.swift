import Events

/// A column of `top`, and what rows are sorted by.
public enum TopColumn: String, Sendable, CaseIterable {
    /// The agent.
    case agent
    /// The tool.
    case tool
    /// Calls in the last 60 s.
    case rate
    /// The usual calls a minute.
    case usual
    /// How many times the usual.
    case times
    /// Calls in the window.
    case calls
    /// Of these, denied.
    case denied
    /// Of these, throttled.
    case throttled
    /// Errors in the window.
    case errors
    /// The 95th percentile of durations.
    case p95
    /// The age of the newest call.
    case newest
    /// The newest refusal's reason.
    case why

    /// Those that rows can be sorted by, in the order in which they stand.
    public static let sortable = allCases.filter { $0 != .why }

    /// The heading.
    var title: String {
        switch self {
        case .rate: "calls/min"
        case .times: "×usual"
        case .why: "newest refusal"
        default: rawValue
        }
    }

    /// Whether texts, the smallest first, rather than numbers, the largest first.
    var isText: Bool { self == .agent || self == .tool || self == .why }

    /// What a row says here.
    func cell(_ row: TopRow, at now: Timestamp) -> (text: String, ink: Ink) {
        switch self {
        case .agent:
            if case .tool = row.subject { return (Words.count(row.partners, "agent"), .dim) }
            return (TopSubject.name(row.subject.agent), .plain)
        case .tool: return (row.subject.tool?.text ?? Words.count(row.partners, "tool"), .plain)
        case .rate: return (TopColumn.number(row.lastMinute), .plain)
        case .usual: return (row.usual.map { TopColumn.rate($0) } ?? "–", .dim)
        case .times:
            guard let times = row.times else { return ("", .dim) }
            return (Words.decimal(times, places: times < 9.95 ? 1 : 0), times >= 5 ? .yellow : .dim)
        case .calls: return (TopColumn.number(row.counts.calls), .plain)
        case .denied: return (TopColumn.number(row.counts.denied), .red)
        case .throttled: return (TopColumn.number(row.counts.throttled), .yellow)
        case .errors: return (TopColumn.number(row.counts.errors), .red)
        case .p95: return (row.p95.map { Words.duration(microseconds: $0) } ?? "", .plain)
        case .newest:
            let seconds = max(now.since(row.newest), 0) / 1_000_000
            // In whole seconds: tenths would flicker.
            let age = seconds < 60 ? "\(seconds) s" : Words.duration(microseconds: seconds * 1_000_000)
            return (seconds == 0 ? "now" : age, .dim)
        case .why: return (row.why, .dim)
        }
    }

    /// A rate, from a hundred on without decimals.
    static func rate(_ value: Double) -> String { Words.decimal(value, places: value >= 99.95 ? 0 : 1) }

    private static func number(_ value: Int) -> String { value == 0 ? "·" : Words.count(value) }
}

/// An order of rows.
public struct TopSort: Sendable, Equatable {
    /// By what.
    public var column: TopColumn
    /// Whether the other way round than the column's own.
    public var isReversed = false

    /// Makes an order; names go up, numbers go down.
    public init(_ column: TopColumn) {
        self.column = column
    }

    /// The rows in this order; equal ones by their names, so that they stay where they are.
    public func sorted(_ rows: [TopRow]) -> [TopRow] {
        rows.sorted { a, b in
            let (x, y) = (value(a), value(b))
            if x != y { return (x > y) != isReversed }
            let order = TopSort.order(a.subject, b.subject, toolFirst: column == .tool)
            return column == .agent || column == .tool ? order != 0 && (order < 0) != isReversed : order < 0
        }
    }

    /// Less than 0 where `a` stands before `b` by its names.
    private static func order(_ a: TopSubject, _ b: TopSubject, toolFirst: Bool) -> Int {
        func compare(_ x: String?, _ y: String?) -> Int {
            guard x != y else { return 0 }
            // Who is not known comes last.
            guard let x, let y else { return x == nil ? 1 : -1 }
            return x < y ? -1 : 1
        }
        let agents = compare(a.agent, b.agent)
        var tools = compare(a.tool?.server, b.tool?.server)
        if tools == 0 { tools = compare(a.tool?.name, b.tool?.name) }
        return toolFirst ? (tools != 0 ? tools : agents) : (agents != 0 ? agents : tools)
    }

    /// The next column to the right or left.
    mutating func move(by steps: Int) {
        let columns = TopColumn.sortable
        let place = columns.firstIndex(of: column) ?? 0
        self = TopSort(columns[(place + steps + columns.count) % columns.count])
    }

    /// `↓` for the largest or last first.
    var arrow: String { column.isText == isReversed ? "↓" : "↑" }

    /// What numbers are compared by; what is not known is less than all that is.
    private func value(_ row: TopRow) -> Double {
        switch column {
        case .agent: if case .tool = row.subject { Double(row.partners) } else { 0 }
        case .tool: if case .agent = row.subject { Double(row.partners) } else { 0 }
        case .why: 0
        case .rate: Double(row.lastMinute)
        case .usual: row.usual ?? -1
        case .times: row.times ?? -1
        case .calls: Double(row.counts.calls)
        case .denied: Double(row.counts.denied)
        case .throttled: Double(row.counts.throttled)
        case .errors: Double(row.counts.errors)
        case .p95: row.p95.map { Double($0) } ?? -1
        case .newest: Double(row.newest.microseconds)
        }
    }
}
