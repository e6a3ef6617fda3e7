import Detection
public import Events
import Policy

/// The use that a log's callers made of their tools, with what went wrong set apart.
///
/// A call is *benign* where it was allowed and no finding of the detectors (`docs/DETECTION.md`) names it: the same agent,
/// server and tool, from the finding's start to the last call that kept it going. What limits and rules refused at the
/// time is no use; it is remembered only because another policy may let it through.
public struct ObservedUse {
    /// One call of a tool.
    struct Event {
        /// Microseconds since the epoch.
        let time: Int64
        /// The caller's place among all.
        let caller: Int32
        /// Whether it was allowed.
        let isUse: Bool
        /// Whether it was allowed and nothing is wrong with it.
        var isBenign: Bool
    }

    private struct FindingKey: Hashable {
        let rule: RuleName
        let agent: String
        let server: String
        let tool: String
        let start: Timestamp
    }

    /// Every caller, sessions left out: proposed limits do not count by them.
    private(set) var callers: [Caller] = []
    /// Calls by tool, in the order of the log.
    private(set) var tools: [String: [Event]] = [:]
    /// The first call's time.
    public private(set) var first: Timestamp?
    /// The last call's time.
    public private(set) var last: Timestamp?
    private var numbers: [Caller: Int32] = [:]
    private var detectors = DetectorSet(settings: DetectionSettings().only([.loop, .cap]))
    private var findings: [FindingKey: Finding] = [:]

    /// Nothing seen yet.
    public init() {}

    /// How many findings set calls apart.
    var findingCount: Int { findings.count }

    /// Looks at the log's next record.
    public mutating func observe(_ record: Record) {
        for change in detectors.observe(record, log: "") { note(change.finding) }
        switch ReplayStep(record.body) {
        case .call(let decision), .unruled(let decision):
            // What was held is decided once more when it is released.
            guard let tool = decision.tool, decision.reason != .approval else { return }
            var caller = Caller(decision)
            caller.session = nil
            let isUse = decision.verdict == .allow
            let event = Event(
                time: record.timestamp.microseconds, caller: number(of: caller), isUse: isUse, isBenign: isUse)
            tools[tool, default: []].append(event)
            first = first ?? record.timestamp
            last = record.timestamp
        case .other, .outcome, .opened, .policyLoaded, .lost, .nothing: break
        }
    }

    /// Sets apart what findings name; to be called once, at the end.
    mutating func finish() {
        for finding in detectors.firing { note(finding) }
        for (tool, spans) in Dictionary(grouping: findings.values, by: \.tool) {
            tools[tool]?.indices.forEach { index in
                guard let event = tools[tool]?[index], event.isUse else { return }
                let caller = callers[Int(event.caller)]
                let isNamed = spans.contains { finding in
                    finding.agent == caller.agent && finding.server == caller.server
                        && finding.start.microseconds <= event.time && event.time <= finding.lastSeen.microseconds
                }
                if isNamed { tools[tool]?[index].isBenign = false }
            }
        }
    }

    private mutating func note(_ finding: Finding) {
        let key = FindingKey(
            rule: finding.rule, agent: finding.agent, server: finding.server, tool: finding.tool, start: finding.start)
        findings[key] = finding
    }

    private mutating func number(of caller: Caller) -> Int32 {
        if let number = numbers[caller] { return number }
        let number = Int32(callers.count)
        numbers[caller] = number
        callers.append(caller)
        return number
    }
}
