public import Events

/// All rules over a stream of calls: a call in, changes of findings out.
///
/// Depends on nothing but the events and their times, so that the same log gives the same findings whether it is
/// followed live or read again. Each call costs one look-up and a fixed number of steps.
public struct DetectorSet: Sendable {
    private let settings: DetectionSettings
    private var table: PairTable
    private var raised: RaisedFindings
    /// The newest event's time, in microseconds since the epoch.
    private var now: Int64?
    private var logs: [String] = []
    private var lastLog = 0
    /// Calls that came too late to be looked at.
    public private(set) var lateCalls = 0

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

    /// Looks at one record of a log: a decision on a call or its outcome; the rest is passed over.
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
        case .control:
            return []
        }
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
        let tool = Int(table.pairs[index].toolIndex)
        let loop = settings.loop.read(call, at: time, pair: &table.pairs[index], repeats: &table.tools[tool].repeats)
        let cap = settings.cap.read(call, at: time, pair: &table.pairs[index])
        table.pairs[index].note(call, at: time)
        settle(LoopRule.self, loop, call, index, &changes)
        settle(CapRule.self, cap, call, index, &changes)
        return changes
    }

    /// Looks at a call or an ending.
    public mutating func observe(_ event: DetectionEvent) -> [FindingChange] {
        switch event {
        case .call(let call): observe(call)
        case .ending(let ending): observe(ending)
        }
    }

    /// Looks at how one call ended.
    public mutating func observe(_ ending: CallEnding) -> [FindingChange] {
        let changes = advance(to: ending.timestamp)
        let name = PairName(agent: ending.agent, server: ending.server, tool: ending.tool)
        if let index = table.index(of: name) { table.pairs[index].note(ending) }
        return changes
    }

    /// Clears what has been calm by now, stamped with the moment at which it fell due, while no calls come.
    ///
    /// Hand in a clock that is behind every call still to come, or findings are cleared too early.
    public mutating func tick(_ now: Timestamp) -> [FindingChange] {
        clear(until: now.microseconds)
    }

    private mutating func advance(to time: Timestamp) -> [FindingChange] {
        if let now, time.microseconds <= now { return [] }
        now = time.microseconds
        return clear(until: time.microseconds)
    }

    private mutating func clear(until time: Int64) -> [FindingChange] {
        raised.clear(until: time).map { cleared in
            table.pairs[cleared.pair].raised &= ~bit(cleared.change.finding.rule)
            return cleared.change
        }
    }

    /// Raises or sustains one rule's finding.
    private mutating func settle<Rule: DetectionRule>(
        _ rule: Rule.Type, _ reading: RuleReading?, _ call: CallEvent, _ index: Int, _ changes: inout [FindingChange]
    ) {
        let isRaised = table.pairs[index].raised & bit(Rule.name) != 0
        if isRaised { raised.count(Rule.name, pair: index, call) }
        guard let reading, isRaised || reading.fires else { return }
        let state = table.pairs[index]
        let at = Timestamp(microseconds: state.lastSeen)
        if isRaised {
            let grown = raised.sustain(Rule.name, pair: index, by: call, reading: reading, state: state)
            if let grown { changes.append(FindingChange(kind: .continues, finding: grown, at: at)) }
            return
        }
        let first = reading.origin.record
        var finding = Finding(
            rule: Rule.name, severity: Rule.severity, agent: call.agent, server: call.server, tool: call.tool,
            start: Timestamp(microseconds: reading.origin.start),
            firstRecord: RecordReference(log: logs[first.log], seq: first.seq))
        finding.detected = at
        finding.lastSeen = at
        finding.attempts = Int(state.attempts &- reading.origin.attemptsBefore)
        finding.denied = Int(state.refused &- reading.origin.refusedBefore)
        let same = call.arguments.map { state.loop.repeats(of: $0.value, at: state.lastSeen) } ?? 0
        finding.same = min(same, finding.attempts)
        finding.peakPerMinute = state.minute.total
        finding.threshold = reading.threshold
        finding.resultUnchanged = state.unchangedResults >= 2
        finding.lastRecord = call.record
        raised.raise(finding, pair: index, arguments: call.arguments, origin: reading.origin)
        table.pairs[index].raised |= bit(Rule.name)
        changes.append(FindingChange(kind: .raised, finding: finding, at: at))
    }

    private func bit(_ rule: RuleName) -> UInt16 {
        switch rule {
        case .loop: 1
        case .cap: 2
        }
    }

    /// A log's number; past 65,536 logs the last number is shared, which only a finding's first record would show.
    private mutating func number(ofLog name: String) -> UInt16 {
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

extension LoopTable {
    /// How often these arguments came in the last 30 minutes, polls included only where they broke off.
    func repeats(of digest: UInt64, at time: Int64) -> Int {
        for index in slots.indices where slots[index].isUsed && slots[index].digest == digest {
            return slots[index].repeats(at: time)
        }
        return 0
    }
}
