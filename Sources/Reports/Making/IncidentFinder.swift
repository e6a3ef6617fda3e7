import Detection
import Events
import Warehouse

/// Finds the runaways of a period by running its calls through the detectors again, as the live watch does.
struct IncidentFinder {
    /// Findings of one agent and tool that belong together.
    struct Episode: Sendable {
        var findings: [Finding]

        var start: Timestamp { findings.map(\.start).min() ?? Timestamp(microseconds: 0) }
        var end: Timestamp { findings.map(\.lastSeen).max() ?? Timestamp(microseconds: 0) }
        var detected: Timestamp { findings.map(\.detected).min() ?? Timestamp(microseconds: 0) }
    }

    /// Findings closer than this are one incident for people.
    private static let apart: Int64 = 3_600_000_000

    let settings: DetectionSettings
    let learningDays: Int
    /// Up to how many records all calls are run through the detectors; of more, those that can have run away.
    var mostRecords = 400_000

    /// The episodes that overlap a period, earliest first.
    ///
    /// - Parameter isOver: whether the period is over, so that what is found of many calls is worth keeping.
    func episodes(
        in period: Period, of store: WarehouseStore, logs: [Int: String], isOver: Bool = false
    ) throws(ReportError) -> [Episode] {
        let span = span(period)
        let overlapping = { (findings: [Finding]) in
            findings.filter { $0.lastSeen >= period.from && $0.start < period.to }
        }
        guard try isLarge(span, store) else {
            return IncidentFinder.grouped(overlapping(try replay(span, of: store, logs)))
        }
        let kept = isOver ? try kept(of: period, in: store) : nil
        if let found = try kept?.read() { return IncidentFinder.grouped(found) }
        let found = overlapping(try screened(period, span, of: store, logs))
        kept?.keep(found)
        return IncidentFinder.grouped(found)
    }

    /// What is kept of a period; nil where it has so few calls that they are gone through each time.
    func kept(of period: Period, in store: WarehouseStore) throws(ReportError) -> KeptFindings? {
        let span = span(period)
        guard try isLarge(span, store) else { return nil }
        return try KeptFindings(of: period, span: span, settings: settings, in: store)
    }

    private func isLarge(_ span: Period, _ store: WarehouseStore) throws(ReportError) -> Bool {
        try ask { () throws(WarehouseError) in try store.size(of: span) } > mostRecords
    }

    /// A period and the days before it, from which detectors learn.
    private func span(_ period: Period) -> Period {
        Period(from: period.from.advanced(by: -Int64(learningDays) * 86_400_000_000), to: period.to)
    }

    /// Every call through the detectors.
    private func replay(
        _ span: Period, of store: WarehouseStore, _ logs: [Int: String]
    ) throws(ReportError) -> [Finding] {
        var stream = store.calls(in: span)
        var run = Replay(settings, logs)
        while let row = try ask({ () throws(WarehouseError) in try stream.next() }) { run.look(at: row) }
        return run.end(at: span.to)
    }

    /// The calls of those that can have run away.
    ///
    /// `cap` compares a pair with itself, so its suspects are enough. `loop` compares it with what all agents' calls of
    /// the tool have taught: where a suspect repeats itself more often than an untaught rule lets pass, the tool's
    /// calls are all looked at.
    private func screened(
        _ period: Period, _ span: Period, of store: WarehouseStore, _ logs: [Int: String]
    ) throws(ReportError) -> [Finding] {
        // A loop of the night before goes on in the week: it counts half an hour.
        let look = Period(from: period.from.advanced(by: -3_600_000_000), to: period.to)
        let burst = BurstBound(
            minimum: settings.cap.minimum + 1, factor: settings.cap.factor, hourlyFading: CapRule.hourlyFading,
            learningSince: span.from, halfUntil: period.from.advanced(by: 3_600_000_000))
        let suspects = try ask { () throws(WarehouseError) in
            try store.suspects(in: look, identical: settings.loop.minimum, burst: burst)
        }
        guard !suspects.isEmpty else { return [] }
        let calls = try ask { () throws(WarehouseError) in try store.calls(in: span, of: suspects) }
        var untaught = settings
        untaught.loop.learnedEpisodes = .max
        // A loop that began a day before goes on in the week.
        let since = period.from.advanced(by: -86_400_000_000)
        let first = run(.suspects(since: since), calls, span, untaught, logs)
        let looped = Set(
            first.filter { $0.rule == .loop && $0.lastSeen >= period.from }
                .map { ToolName(server: $0.server, tool: $0.tool, risk: nil) })
        let taught = looped.isEmpty ? [] : run(.tools(looped), calls, span, settings.only([.loop]), logs)
        return first.filter { $0.rule != .loop } + taught
    }

    private func run(
        _ choice: SuspectCalls.Choice, _ calls: SuspectCalls, _ span: Period, _ settings: DetectionSettings,
        _ logs: [Int: String]
    ) -> [Finding] {
        var run = Replay(settings, logs)
        calls.forEach(choice) { run.look(at: $0) }
        return run.end(at: span.to)
    }

    /// Joins findings on one agent and tool that lie within an hour of each other.
    static func grouped(_ findings: [Finding]) -> [Episode] {
        let pairs = Dictionary(grouping: findings) { [$0.agent, $0.server, $0.tool] }
        var episodes: [Episode] = []
        for members in pairs.values {
            var open: Episode?
            for finding in members.sorted(by: { ($0.start, $0.rule.rawValue) < ($1.start, $1.rule.rawValue) }) {
                if let current = open, finding.start.since(current.end) <= apart {
                    open?.findings.append(finding)
                } else {
                    if let open { episodes.append(open) }
                    open = Episode(findings: [finding])
                }
            }
            if let open { episodes.append(open) }
        }
        return episodes.sorted {
            ($0.start, $0.findings[0].agent, $0.findings[0].server, $0.findings[0].tool)
                < ($1.start, $1.findings[0].agent, $1.findings[0].server, $1.findings[0].tool)
        }
    }
}

/// Calls through the detectors, one after another, their ends among them as the log had them.
private struct Replay {
    private var detectors: DetectorSet
    private var endings = EndingQueue()
    private var found = FindingSet()
    private let logs: [Int: String]

    init(_ settings: DetectionSettings, _ logs: [Int: String]) {
        // What the report calls a runaway; the other rules' findings have no words in it yet.
        detectors = DetectorSet(settings: settings.only([.loop, .cap]))
        self.logs = logs
    }

    mutating func look(at row: CallRow) {
        while let ending = endings.pop(until: row.timestamp) { found.take(detectors.observe(ending)) }
        found.take(detectors.observe(CallEvent(row, log: logs[row.logID] ?? "\(row.logID)")))
        if let ending = CallEnding(row) { endings.push(ending) }
    }

    mutating func end(at moment: Timestamp) -> [Finding] {
        while let ending = endings.pop(until: moment) { found.take(detectors.observe(ending)) }
        for finding in detectors.firing { found.keep(finding) }
        return found.all
    }
}

/// The findings of a replay as they last stood.
private struct FindingSet {
    private struct Key: Hashable {
        let rule: RuleName
        let agent: String
        let server: String
        let tool: String
        let start: Timestamp
    }

    private var findings: [Key: Finding] = [:]

    var all: [Finding] { Array(findings.values) }

    mutating func take(_ changes: [FindingChange]) {
        for change in changes { keep(change.finding) }
    }

    mutating func keep(_ finding: Finding) {
        let key = Key(
            rule: finding.rule, agent: finding.agent, server: finding.server, tool: finding.tool, start: finding.start)
        findings[key] = finding
    }
}

/// Calls' ends in the order of time: the log tells them so, a row of the warehouse holds both ends of its call.
struct EndingQueue {
    private var heap: [CallEnding] = []

    mutating func push(_ ending: CallEnding) {
        heap.append(ending)
        var child = heap.count - 1
        while child > 0, heap[child].timestamp < heap[(child - 1) / 2].timestamp {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// The earliest end that is not later than a moment.
    mutating func pop(until moment: Timestamp) -> CallEnding? {
        guard let first = heap.first, first.timestamp <= moment else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            let children = [2 * parent + 1, 2 * parent + 2].filter { $0 < heap.count }
            guard let least = children.min(by: { heap[$0].timestamp < heap[$1].timestamp }),
                heap[least].timestamp < heap[parent].timestamp
            else { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

extension CallEvent {
    init(_ row: CallRow, log: String) {
        self.init(
            record: RecordReference(log: log, seq: row.seq), timestamp: row.timestamp,
            agent: row.agent ?? CallEvent.unresolvedAgent, server: row.name.server, tool: row.name.tool)
        risk = row.name.risk
        arguments = row.argumentDigest
        verdict = row.verdict
        mode = row.mode
        limitMaximum = row.limit?.maximum
        limitWindowSeconds = row.limit?.windowSeconds
        retryAfterMilliseconds = row.retryAfterMilliseconds
    }
}

extension CallEnding {
    init?(_ row: CallRow) {
        guard let outcome = row.outcome else { return nil }
        let took = (row.waitMicroseconds ?? 0) + (row.upstreamMicroseconds ?? 0)
        self.init(
            timestamp: row.timestamp.advanced(by: Int64(took)), agent: row.agent ?? CallEvent.unresolvedAgent,
            server: row.name.server, tool: row.name.tool, ending: outcome, result: row.resultDigest)
    }
}
