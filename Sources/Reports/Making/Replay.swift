import Detection
import Events
import Warehouse

/// Calls through the detectors, one after another, their ends among them as the log had them.
struct Replay {
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
