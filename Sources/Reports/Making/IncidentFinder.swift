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
        guard isOver, let kept = try kept(of: period, in: store) else {
            return IncidentFinder.grouped(try findings(in: period, of: store, logs: logs))
        }
        if let found = try kept.read() { return IncidentFinder.grouped(found) }
        let found = try findings(in: period, of: store, logs: logs)
        // Where it cannot be kept it is found again the next time.
        try? kept.keep(found)
        return IncidentFinder.grouped(found)
    }

    /// The findings that overlap a period, of its calls and those of the days before.
    func findings(
        in period: Period, of store: WarehouseStore, logs: [Int: String]
    ) throws(ReportError) -> [Finding] {
        let span = span(period)
        let found =
            try isLarge(span, store)
            ? try screened(period, span, of: store, logs) : try replay(span, of: store, logs)
        return found.filter { $0.lastSeen >= period.from && $0.start < period.to }
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
