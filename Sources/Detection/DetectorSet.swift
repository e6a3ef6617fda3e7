public import Events

/// All rules over a stream of calls: a call in, changes of findings out.
///
/// Depends on nothing but the events and their times, so that the same log gives the same findings whether it is
/// followed live or read again. Each call costs one look-up and a fixed number of steps.
public struct DetectorSet: Sendable {
    let settings: DetectionSettings
    var table: PairTable
    var raised: RaisedFindings
    /// All agents together, for the silence of the whole log.
    var everyone = AgentState()
    /// The newest event's time, in microseconds since the epoch.
    var now: Int64?
    /// The first event's time, and the hour of the clock up to which silence was looked at.
    var watchedSince: Int64 = 0
    var hour: Int64 = .min
    var logs: [String] = []
    var lastLog = 0
    /// Calls that came too late to be looked at.
    public internal(set) var lateCalls = 0

    /// Makes detectors that have seen nothing.
    public init(settings: DetectionSettings = DetectionSettings()) {
        self.settings = settings
        table = PairTable(settings: settings)
        raised = RaisedFindings(calmMicroseconds: settings.calmMicroseconds)
    }

    /// The raised findings, oldest first.
    public var firing: [Finding] {
        raised.findings
    }

    /// How many (agent, server, tool) triples are remembered.
    public var pairs: Int {
        table.pairs.count
    }

    /// Bytes of state for each (agent, server, tool), its names and the look-up table not counted.
    public static var bytesPerPair: Int {
        MemoryLayout<PairState>.stride
    }

    /// Looks at one record of a log: a decision on a call, its outcome, a tool's change; the rest is passed over.
    public mutating func observe(_ record: Record, log: String) -> [FindingChange] {
        switch record.body {
        case .decision(let decision):
            let reference = RecordReference(log: log, seq: record.seq)
            guard let call = CallEvent(decision: decision, record: reference, timestamp: record.timestamp) else {
                return []
            }
            return observe(call)
        case .outcome(let outcome):
            guard let ending = CallEnding(outcome: outcome, timestamp: record.timestamp) else { return [] }
            return observe(ending)
        case .control(let control):
            let reference = RecordReference(log: log, seq: record.seq)
            return ToolChange(control: control, record: reference, timestamp: record.timestamp).map { observe($0) }
                ?? []
        }
    }

    /// Looks at what happened next.
    public mutating func observe(_ event: DetectionEvent) -> [FindingChange] {
        switch event {
        case .call(let call): observe(call)
        case .ending(let ending): observe(ending)
        case .toolChanged(let change): observe(change)
        }
    }

    /// Looks at how one call ended.
    public mutating func observe(_ ending: CallEnding) -> [FindingChange] {
        let changes = advance(to: ending.timestamp)
        let name = PairName(agent: ending.agent, server: ending.server, tool: ending.tool)
        if let index = table.index(of: name) { table.pairs[index].note(ending) }
        return changes
    }

    /// Looks at one call.
    public mutating func observe(_ call: CallEvent) -> [FindingChange] {
        if let now, call.timestamp.microseconds < now - settings.latenessMicroseconds {
            lateCalls += 1
            return []
        }
        var changes = advance(to: call.timestamp)
        let name = PairName(agent: call.agent, server: call.server, tool: call.tool)
        let index = table.index(of: name, at: call.timestamp.microseconds)
        // Within the allowed lateness time stands still rather than go back.
        let time = max(call.timestamp.microseconds, table.pairs[index].lastSeen)
        table.pairs[index].log = number(ofLog: call.record.log)
        look(at: call, time, index, &changes)
        return changes
    }

    /// Shows a call to all rules, then counts it.
    private mutating func look(at call: CallEvent, _ time: Int64, _ index: Int, _ changes: inout [FindingChange]) {
        let tool = Int(table.pairs[index].toolIndex)
        let agent = Int(table.pairs[index].agentIndex)
        let lastPair = Int(table.agents[agent].lastPair)
        let other = lastPair != 0 && lastPair != index + 1

        let loop = settings.loop.read(call, at: time, pair: &table.pairs[index], repeats: &table.tools[tool].repeats)
        let sighting = table.pairs[index].sighting
        let ended = settings.run.note(
            call, at: time, other: other, pair: table.pairs[index], agent: &table.agents[agent])
        if let ended { noteRun(ended, lastPair: lastPair) }
        settings.run.noteAlone(
            call, at: time, other: other, agent: table.agents[agent], pair: &table.pairs[index],
            tool: &table.tools[tool])
        let run = settings.run.read(
            call, at: time, pair: table.pairs[index], agent: table.agents[agent], tool: table.tools[tool])
        let cap = settings.cap.read(call, at: time, pair: &table.pairs[index])
        let surge = settings.surge.read(
            call, at: time, other: other, pair: &table.pairs[index], tool: &table.tools[tool])
        let budget = settings.budget.read(call, at: time, pair: &table.pairs[index], tool: &table.tools[tool])
        let trouble = readTroubles(call, time, index, tool)
        let novelty = settings.novelty.read(
            call, at: time, watchedSince: watchedSince, pair: table.pairs[index], agent: table.agents[agent])
        let fleet = settings.fleet.read(call, at: time, pair: table.pairs[index], tool: &table.tools[tool])

        table.pairs[index].note(call, at: time)
        table.tools[tool].note(call, repeated: sighting.isRepeated, other: other)
        table.agents[agent].note(call, at: time, pair: index, log: table.pairs[index].log)
        everyone.note(call, at: time, pair: index, log: table.pairs[index].log)

        settleFleet(fleet, call, tool, &changes)
        settleRefusals(call, time, tool, &changes)
        settle(LoopRule.self, loop, call, index, &changes)
        settle(PollingRule.self, trouble.polling, call, index, &changes)
        settle(RunRule.self, run, call, index, &changes)
        settle(CapRule.self, cap, call, index, &changes)
        settle(SurgeRule.self, surge, call, index, &changes)
        settle(DenialsRule.self, trouble.denials, call, index, &changes)
        settle(BudgetRule.self, budget, call, index, &changes)
        settle(DefianceRule.self, trouble.defiance, call, index, &changes)
        if let novelty, novelty.fires { tellNovelty(novelty, call, index, &changes) }
        endSilence(of: agent, call, &changes)
    }

    /// A run that ended teaches the tool that it was of.
    private mutating func noteRun(_ length: Int, lastPair: Int) {
        guard lastPair > 0, lastPair <= table.pairs.count else { return }
        table.tools[Int(table.pairs[lastPair - 1].toolIndex)].runs.add(length)
    }

    /// The rules that need what few pairs have.
    private mutating func readTroubles(
        _ call: CallEvent, _ time: Int64, _ index: Int, _ tool: Int
    ) -> (polling: RuleReading?, denials: RuleReading?, defiance: RuleReading?) {
        let isPoll = table.pairs[index].sighting.isPoll
        let isThrottled = table.pairs[index].throttledAt != 0
        guard isPoll || isThrottled || call.isRefused || table.pairs[index].trouble > 0 else { return (nil, nil, nil) }
        let place = table.trouble(of: index)
        let polling =
            isPoll
            ? settings.polling.read(
                call, at: time, pair: table.pairs[index], trouble: &table.troubles[place], tool: &table.tools[tool])
            : nil
        let denials = settings.denials.read(
            call, at: time, pair: table.pairs[index], trouble: &table.troubles[place], tool: &table.tools[tool])
        let defiance =
            isThrottled
            ? settings.defiance.read(call, at: time, pair: table.pairs[index], trouble: &table.troubles[place]) : nil
        return (polling, denials, defiance)
    }

    /// A log's number; past 65,536 logs the last number is shared, which only a finding's first record would show.
    mutating func number(ofLog name: String) -> UInt16 {
        if lastLog < logs.count, logs[lastLog] == name { return UInt16(lastLog) }
        if let index = logs.firstIndex(of: name) {
            lastLog = index
        } else if logs.count <= Int(UInt16.max) {
            lastLog = logs.count
            logs.append(name)
        }
        return UInt16(clamping: lastLog)
    }
}
