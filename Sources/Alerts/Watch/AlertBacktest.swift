public import Detection
public import Events

/// What would have fired over logs that are there already: reads them once, in the order of their times, and writes nothing.
public struct AlertBacktest {
    /// One finding from its beginning to its end.
    public struct Entry: Sendable {
        /// The finding as it last stood.
        public var finding: Finding
        /// When it reached its severity: of a warning that became a page, when it did.
        public var at: Timestamp
        /// When it was over; nil while it was raised at the end of the log.
        public var end: Timestamp?
    }

    private struct Key: Hashable {
        var rule: RuleName
        var agent: String
        var server: String
        var tool: String
    }

    private struct AgentWeek: Hashable {
        var agent: String
        var week: Int64
    }

    private static let week: Int64 = 604_800_000_000

    /// Findings of this time and later are kept; those before only teach.
    public var since: Timestamp?
    /// Findings that began after this are not kept.
    public var until: Timestamp?
    /// The findings, in the order in which they were raised.
    public private(set) var entries: [Entry] = []
    /// Records read.
    public private(set) var records = 0
    /// Calls among them.
    public private(set) var calls = 0
    /// Lines that are no records.
    public private(set) var rejected = 0
    /// The first call's time.
    public private(set) var first: Timestamp?
    /// The last call's time.
    public private(set) var last: Timestamp?
    private var detectors: DetectorSet
    private var open: [Key: Int] = [:]
    private var weeks: Set<AgentWeek> = []
    private var lastWeek: [String: Int64] = [:]

    /// Makes a backtest with some settings.
    public init(settings: DetectionSettings = DetectionSettings()) {
        detectors = DetectorSet(settings: settings)
    }

    /// Weeks in which an agent called, over all agents.
    public var agentWeeks: Int { weeks.count }

    /// Reads all logs to their ends.
    ///
    /// - Parameter progress: told the number of records now and then.
    /// - Throws: what a log's `nextBlock` throws.
    public mutating func run(_ logs: [WatchedLog], progress: (Int) -> Void = { _ in }) throws {
        var feeds = logs.map { LogFeed($0) }
        while let index = try next(&feeds), let record = feeds[index].take() {
            observe(record, log: feeds[index].log.name)
            if records % 16_384 == 0 { progress(records) }
        }
        for feed in feeds { rejected += feed.rejected.count }
    }

    /// Looks at the next record.
    public mutating func observe(_ record: Record, log: String) {
        if let until, record.timestamp >= until { return }
        records += 1
        if case .decision(let decision) = record.body, let agent = decision.agent, decision.of == nil {
            calls += 1
            first = first ?? record.timestamp
            last = record.timestamp
            let week = record.timestamp.microseconds / Self.week
            if lastWeek[agent] != week, since.map({ record.timestamp >= $0 }) ?? true {
                lastWeek[agent] = week
                weeks.insert(AgentWeek(agent: agent, week: week))
            }
        }
        for change in detectors.observe(record, log: log) { take(change) }
    }

    private mutating func take(_ change: FindingChange) {
        let finding = change.finding
        let key = Key(rule: finding.rule, agent: finding.agent, server: finding.server, tool: finding.tool)
        switch change.kind {
        case .raised:
            if let since, change.at < since { return }
            open[key] = entries.count
            entries.append(Entry(finding: finding, at: change.at))
        case .continues, .escalated, .cleared:
            guard let index = open[key] else { return }
            entries[index].finding = finding
            if change.kind == .escalated { entries[index].at = change.at }
            guard change.kind == .cleared else { return }
            entries[index].end = finding.lastSeen
            open[key] = nil
        }
    }

    /// The log whose next record is the oldest; nil at the end of all.
    private func next(_ feeds: inout [LogFeed]) throws -> Int? {
        var oldest: Int?
        for index in feeds.indices {
            if feeds[index].nextTime == nil, !feeds[index].isDry { feeds[index].isDry = try !feeds[index].refill() }
            guard let time = feeds[index].nextTime else { continue }
            if let known = oldest, let best = feeds[known].nextTime, best <= time { continue }
            oldest = index
        }
        return oldest
    }
}

extension AlertBacktest.Entry {
    /// The finding as one JSON object without a newline.
    ///
    /// `ts` is when it reached its `severity`, `detected` when it was raised, `start` and `end` the first and the last call;
    /// `open` says that the log ended before it was over. `*` stands for all agents, servers or tools.
    public var json: [UInt8] {
        var line = LineBuffer(capacity: 1024)
        line.append("{\"ts\":\"")
        line.append(at)
        line.append("\"")
        line.text(",\"agent\":", finding.agent)
        line.text(",\"server\":", finding.server)
        line.text(",\"tool\":", finding.tool)
        line.text(",\"rule\":", finding.rule.rawValue)
        line.text(",\"severity\":", finding.severity.rawValue)
        line.time(",\"start\":\"", finding.start)
        line.time(",\"end\":\"", end ?? finding.lastSeen)
        line.time(",\"detected\":\"", finding.detected)
        line.append(end == nil ? ",\"open\":true" : ",\"open\":false")
        line.count(",\"attempts\":", finding.attempts)
        line.count(",\"denied\":", finding.denied)
        line.count(",\"same\":", finding.same)
        line.count(",\"peak_per_minute\":", finding.peakPerMinute)
        line.count(",\"threshold\":", finding.threshold)
        if finding.resultUnchanged { line.append(",\"result_unchanged\":true") }
        if let rule = finding.inhibitedBy { line.text(",\"inhibited_by\":", rule.rawValue) }
        line.text(",\"first_record\":", finding.firstRecord.description)
        line.text(",\"last_record\":", finding.lastRecord.description)
        line.text(",\"summary\":", finding.summary)
        line.append("}")
        return withExtendedLifetime(line) { [UInt8]($0.bytes) }
    }
}

extension LineBuffer {
    fileprivate mutating func text(_ key: StaticString, _ value: String) {
        append(key)
        append(json: value, maximum: TextBound.text)
    }

    fileprivate mutating func time(_ key: StaticString, _ value: Timestamp) {
        append(key)
        append(value)
        append("\"")
    }

    fileprivate mutating func count(_ key: StaticString, _ value: Int) {
        append(key)
        append(decimal: Int64(value))
    }
}
