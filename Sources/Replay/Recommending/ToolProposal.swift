import Events
import Policy
import StrictJSON

/// The limits proposed for one tool.
struct ToolProposal {
    /// The windows that limits are proposed for.
    static let windows: [(counter: String, name: String, seconds: Int)] = [
        ("per-minute", "minute", 60), ("per-hour", "hour", 3600),
    ]

    private let tool: String
    private let scope: LimitScope
    private let events: [ObservedUse.Event]
    private let callers: [Caller]
    private(set) var evidence: [Recommendation.Evidence] = []

    /// Finds limits of one and a half times the 99.9th percentile, and never below the largest benign use, under which no
    /// benign call of the log is refused.
    init(_ tool: String, _ events: [ObservedUse.Event], _ callers: [Caller]) throws(PolicyRefusal) {
        self.tool = tool
        self.events = events
        self.callers = callers
        let present = Set(events.filter(\.isUse).map(\.caller))
        scope = .proposed(for: present.map { callers[Int($0)] })
        var places: [String: Int] = [:]
        var keys: [Int32: Int] = [:]
        for caller in Set(events.map(\.caller)) {
            let key = scope.key(of: callers[Int(caller)])
            keys[caller] = places[key] ?? places.count
            places[key] = keys[caller]
        }
        let benign = events.filter(\.isBenign)
        let benignKeys = Set(benign.compactMap { keys[$0.caller] }).count
        evidence = Self.windows.map { window in
            let use = UseWindows(events, keys: keys, seconds: window.seconds)
            return Recommendation.Evidence(
                tool: tool, counter: window.counter, windowSeconds: window.seconds, scope: scope,
                maximum: max((use.percentile * 3 + 1) / 2, use.largest, 1), calls: benign.count, callers: benignKeys,
                windows: use.count, percentile: use.percentile, largest: use.largest, raisedFrom: nil, denied: 0)
        }
        try settle()
    }

    /// The tool's member of the policy.
    var json: String {
        let limits = zip(evidence, Self.windows).map { limit, window in
            """
            { "counter": "\(limit.counter)", "window": "\(window.name)", "max": \(limit.maximum), \
            "scope": "\(scope.rawValue)" }
            """
        }
        return "\(JSONQuote.text(tool)): { \"limits\": [ \(limits.joined(separator: ", ")) ] }"
    }

    /// Decides the log's calls by the engine itself, and raises a limit as long as it refuses a benign one: one that
    /// follows on an incident within the hour shares the window with it.
    private mutating func settle() throws(PolicyRefusal) {
        while true {
            let (refused, harmed) = try refusals()
            for index in evidence.indices { evidence[index].denied = refused[index] }
            guard let index = harmed else { return }
            let maximum = evidence[index].maximum
            evidence[index].raisedFrom = evidence[index].raisedFrom ?? maximum
            evidence[index].maximum = max(maximum + 1, maximum * 11 / 10)
        }
    }

    /// How many of the calls that were allowed each limit refuses, and the first limit that refuses a benign one.
    private func refusals() throws(PolicyRefusal) -> (refused: [Int], harmed: Int?) {
        let document = try PolicyDocument(
            parsing: Array("{\"version\":\"1\",\"default\":\"deny\",\"tools\":{\(json)}}".utf8))
        let policy = CompiledPolicy(document, name: "proposed", digest: Digest64(0))
        let ids = document.tools.first?.rules.limits.map(\.id) ?? []
        var counters = LimitCounters()
        var refused = [Int](repeating: 0, count: evidence.count)
        let nothing = JSONTree()
        for event in events {
            let call = Call(tool: tool, arguments: nil, in: nothing, caller: callers[Int(event.caller)])
            let verdict = policy.decide(call, counters: &counters, now: Timestamp(microseconds: event.time))
            guard verdict.verdict != .allow, event.isUse, let index = ids.firstIndex(where: { $0 == verdict.rule })
            else { continue }
            if event.isBenign { return (refused, index) }
            refused[index] += 1
        }
        return (refused, nil)
    }
}
