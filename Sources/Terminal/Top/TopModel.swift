public import Events

/// Who calls what, how often, with what result: what `tollgate top` shows, kept up to date record by record.
///
/// Bounded: of each kind of subject the 4,096 that called last are known, an hour of counts and 32 calls of each.
public struct TopModel: Sendable {
    /// Subjects of one kind that are followed; names are the callers' to invent, memory is ours.
    public static let maximumSubjects = 4_096

    private struct Figures {
        var rate: RateTrack
        var minutes: MinuteCounts
        var durations = RecentDurations()
        /// Kept for pairs only.
        var calls = RecentCalls()
        var why = ""
        var refused: Timestamp?

        init(at moment: Timestamp) {
            rate = RateTrack(at: moment)
            minutes = MinuteCounts(at: moment)
        }
    }

    private var pairs: [TopSubject: Figures] = [:]
    private var agents: [TopSubject: Figures] = [:]
    private var tools: [TopSubject: Figures] = [:]
    private var all: Figures?
    /// Records that were read.
    public private(set) var records = 0
    /// Records that are missing: holes in the logs, gaps that they tell of, and lines that could not be read.
    public private(set) var lost = 0
    /// Pairs that were forgotten because there were too many.
    public private(set) var forgotten = 0

    /// A model that has seen nothing.
    public init() {}

    /// Takes the next line.
    public mutating func observe(_ entry: TailEntry) {
        guard let record = entry.record else {
            lost += entry.missing?.count ?? 1
            return
        }
        records += 1
        let id = TailRecordID(log: entry.log, seq: record.seq)
        switch record.body {
        case .decision(let decision): observe(decision, id, at: record.timestamp)
        case .outcome(let outcome): observe(outcome, id, at: record.timestamp)
        case .control(let control):
            if control.event == .gap { lost += Int(clamping: control.number(.n) ?? 0) }
        }
    }

    private mutating func observe(_ decision: Decision, _ id: TailRecordID, at moment: Timestamp) {
        guard decision.tool != nil || decision.verdict != .allow else { return }
        let tool = TopTool(
            server: decision.server, name: decision.tool ?? decision.method, isTool: decision.tool != nil)
        let number = decision.coalesced ?? 1
        // What ends a hold is about a call that was counted when it was held.
        let calls = decision.of == nil ? number : 0
        var counts = TopCounts()
        counts.calls = calls
        if decision.mode == .enforce {
            counts.denied = decision.verdict == .deny ? number : 0
            counts.throttled = decision.verdict == .throttle ? number : 0
        }
        let why = decision.verdict == .allow ? nil : TailFormatter.why(decision)
        update(decision.agent, tool, at: moment) { figures, isPair in
            if calls > 0 { figures.rate.observe(at: moment, calls: calls) }
            figures.minutes.add(counts, at: moment)
            if let why { (figures.why, figures.refused) = (why, moment) }
            if isPair { figures.calls.add(TopCall(decision, id, at: moment)) }
        }
    }

    private mutating func observe(_ outcome: Outcome, _ id: TailRecordID, at moment: Timestamp) {
        guard let server = outcome.server, let name = outcome.tool else { return }
        let isError = TopCounts.isError(outcome.ending)
        var counts = TopCounts()
        counts.errors = isError ? 1 : 0
        let took = isError || outcome.ending == .ok ? TailFormatter.duration(outcome) : nil
        update(outcome.agent, TopTool(server: server, name: name), at: moment) { figures, isPair in
            if isError { figures.minutes.add(counts, at: moment) }
            if let took { figures.durations.add(microseconds: took) }
            if isPair { figures.calls.end(TailRecordID(log: id.log, seq: outcome.of), outcome) }
        }
    }

    private mutating func update(
        _ agent: String?, _ tool: TopTool, at moment: Timestamp, _ change: (inout Figures, _ isPair: Bool) -> Void
    ) {
        forgotten += TopModel.update(&pairs, .pair(agent, tool), at: moment) { change(&$0, true) }
        _ = TopModel.update(&agents, .agent(agent), at: moment) { change(&$0, false) }
        _ = TopModel.update(&tools, .tool(tool), at: moment) { change(&$0, false) }
        var whole = all ?? Figures(at: moment)
        all = nil
        change(&whole, false)
        all = whole
    }

    /// Changes a subject's figures in place; returns how many others were forgotten for it.
    private static func update(
        _ known: inout [TopSubject: Figures], _ subject: TopSubject, at moment: Timestamp,
        _ change: (inout Figures) -> Void
    ) -> Int {
        var gone = 0
        if known.count >= maximumSubjects, known[subject] == nil {
            // Whoever has been silent for longest, an eighth at a time so that it is rarely done.
            let last = known.mapValues { $0.rate.last.microseconds }
            for (old, _) in last.sorted(by: { $0.value < $1.value }).prefix(maximumSubjects / 8) { known[old] = nil }
            gone = maximumSubjects / 8
        }
        change(&known[subject, default: Figures(at: moment)])
        return gone
    }

    // MARK: - What is shown

    /// The rows of a place, in no order: whoever called within the last hour.
    ///
    /// - Parameters:
    ///   - place: whose.
    ///   - now: the moment that they are as of.
    ///   - minutes: how long counts go back, 60 at the most.
    ///   - filter: words that the names must contain, ASCII letters of either case.
    public func rows(_ place: TopPlace, at now: Timestamp, minutes: Int, filter: String = "") -> [TopRow] {
        let words = filter.lowercased().split(separator: " ").map(String.init)
        let chosen: [TopSubject: Figures] =
            switch place {
            case .pairs: pairs
            case .agents: agents
            case .tools: tools
            case .toolsOf(let agent): pairs.filter { $0.key.agent == agent }
            case .agentsOf(let tool): pairs.filter { $0.key.tool == tool }
            case .calls: [:]
            }
        let partners = partners(of: place, at: now)
        return chosen.compactMap { subject, figures in
            guard TopModel.isRecent(figures, now), subject.contains(words: words) else { return nil }
            return row(subject, figures, at: now, minutes: minutes, partners: partners[subject] ?? 0)
        }
    }

    /// The sum of all.
    public func total(at now: Timestamp, minutes: Int) -> TopRow? {
        all.map { row(.agent(nil), $0, at: now, minutes: minutes, partners: 0) }
    }

    /// A pair's newest calls, the newest first.
    func calls(_ agent: String?, _ tool: TopTool) -> [TopCall] {
        pairs[.pair(agent, tool)]?.calls.newestFirst ?? []
    }

    private func row(_ subject: TopSubject, _ figures: Figures, at now: Timestamp, minutes: Int, partners: Int)
        -> TopRow
    {
        let isNews = figures.refused.map { now.since($0) < Int64(minutes) * 60_000_000 } ?? false
        return TopRow(
            subject: subject, lastMinute: figures.rate.lastMinute(at: now), usual: figures.rate.usual,
            counts: figures.minutes.sum(minutes: minutes, at: now), p95: figures.durations.p95,
            newest: figures.rate.last, why: isNews ? figures.why : "", partners: partners)
    }

    private static func isRecent(_ figures: Figures, _ now: Timestamp) -> Bool {
        now.since(figures.rate.last) < Int64(MinuteCounts.kept) * 60_000_000
    }

    /// How many tools each agent called within the last hour, or how many agents each tool.
    private func partners(of place: TopPlace, at now: Timestamp) -> [TopSubject: Int] {
        guard place == .agents || place == .tools else { return [:] }
        var counts: [TopSubject: Int] = [:]
        for (subject, figures) in pairs where TopModel.isRecent(figures, now) {
            guard case .pair(let agent, let tool) = subject else { continue }
            counts[place == .agents ? .agent(agent) : .tool(tool), default: 0] += 1
        }
        return counts
    }
}
