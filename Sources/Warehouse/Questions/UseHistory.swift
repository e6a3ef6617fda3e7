public import Events
import GRDB

/// Calls of a period by local day, for all together and for each pair of agent and tool.
public struct UseHistory: Sendable {
    /// An agent's calls of a tool.
    public struct Pair: Sendable {
        /// The agent, nil for callers that were not resolved.
        public var agent: String?
        /// The tool, with the class it last came under.
        public var name: ToolName
        /// Calls by day.
        public var calls: [Int]
        /// Throttled calls by day, empty where it has none.
        public var throttled: [Int]
    }

    /// An agent's calls of tools of one class.
    public struct Class: Sendable {
        /// The agent, nil for callers that were not resolved.
        public var agent: String?
        /// The class at the time.
        public var risk: Risk?
        /// Calls.
        public var calls: Int
    }

    /// The first local day, in days since 1970-01-01.
    public var firstDay: Int
    /// What each day comes to.
    public var days: [CallCounts]
    /// Each pair.
    public var pairs: [Pair]
    /// Each agent's classes.
    public var classes: [Class]
}

extension WarehouseStore {
    /// Calls by local day, from the day that holds the period's beginning to the one that holds its end.
    ///
    /// - Parameter offsetSeconds: local time minus UTC at a moment, in seconds; a multiple of 900 that changes at whole
    ///   UTC hours, as every zone's does.
    /// - Throws: `WarehouseError`.
    public func useHistory(
        in period: Period, offsetSeconds: (Timestamp) -> Int = { _ in 0 }
    ) throws(WarehouseError) -> UseHistory {
        try ask { db in
            let names = try self.names.read(db)
            let source = LocalTime(period, offsetSeconds).source(period, Selection(.all, names))
            func day(_ moment: Timestamp) -> Int {
                LocalTime.day(Clock.start(of: 1, holding: moment.microseconds), offsetSeconds)
            }
            let first = day(period.from)
            var sums = HistorySums(names, first: first, count: day(period.to.advanced(by: -1)) - first + 1)
            // Cells come by time, and a zone is slow to ask.
            var last: (start: Int64, day: Int) = (.min, 0)
            try source.scan(db) { cell in
                if cell.start != last.start { last = (cell.start, LocalTime.day(cell.start, offsetSeconds)) }
                sums.add(cell, day: last.day - first)
            }
            return sums.history
        }
    }
}

/// Adds a period's cells up by day.
private struct HistorySums {
    private struct ClassKey: Hashable {
        let agent: Int64
        let risk: Risk?
    }

    fileprivate struct PairSum {
        var tool: Int64
        var calls: [Int32]
        var throttled: [Int32] = []
    }

    private let names: NameTables
    private let first: Int
    private var days: [CallCounts]
    private var pairs: [AgentTool: PairSum] = [:]
    private var classes: [ClassKey: Int] = [:]

    init(_ names: NameTables, first: Int, count: Int) {
        self.names = names
        self.first = first
        days = [CallCounts](repeating: CallCounts(), count: max(count, 0))
    }

    mutating func add(_ cell: Cell, day: Int) {
        guard days.indices.contains(day) else { return }
        days[day].add(cell, names)
        let key = Grouping.agentTool.key(cell, names)
        let kind = names.kind(of: cell.verdict)
        let isThrottled = kind.decision == .throttle && kind.mode == .enforce
        pairs[key, default: PairSum(tool: cell.tool, calls: [Int32](repeating: 0, count: days.count))].add(
            cell, day: day, of: days.count, isThrottled: isThrottled)
        classes[ClassKey(agent: key.agent, risk: names.tools[cell.tool]?.name.risk), default: 0] += cell.n
    }

    var history: UseHistory {
        UseHistory(
            firstDay: first, days: days,
            pairs: pairs.map { key, sum in
                UseHistory.Pair(
                    agent: names.agent(key.agent), name: names.tool(sum.tool), calls: sum.calls.map(Int.init),
                    throttled: sum.throttled.map(Int.init))
            },
            classes: classes.map { key, calls in
                UseHistory.Class(agent: names.agent(key.agent), risk: key.risk, calls: calls)
            })
    }
}

extension HistorySums.PairSum {
    fileprivate mutating func add(_ cell: Cell, day: Int, of days: Int, isThrottled: Bool) {
        tool = max(tool, cell.tool)
        calls[day] += Int32(clamping: cell.n)
        guard isThrottled else { return }
        if throttled.isEmpty { throttled = [Int32](repeating: 0, count: days) }
        throttled[day] += Int32(clamping: cell.n)
    }
}
