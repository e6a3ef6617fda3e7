public import AuditLog
import Detection
import Events

/// Explains an alert from its records in the watch's log and the calls between its first and its last one.
public struct AlertExplainer {
    /// Records behind an alert's last call among which its brake is looked for.
    private static let brakeReach: UInt64 = 10_000

    private let id: String
    private let logs: [LogDirectory]
    /// The alert's newest step, and when it fired first.
    private var last: (at: Timestamp, control: Control)?
    /// The newest step that says what was found: what people do about an alert is recorded without it.
    private var found: Control?
    private var firstFired: Timestamp?

    /// Finds the alert's records.
    ///
    /// - Throws: `LogError`, ``UnexplainedRecord``.
    public init(_ id: String, in logs: [LogDirectory]) throws {
        self.id = id
        self.logs = logs
        for log in logs {
            // Only a watch writes alerts.
            guard try LogIdentity.read(log).purpose != .gateway else { continue }
            let reader = try LogReader(log)
            while let block = try reader.nextBlock() {
                block.forEachLine { _, line in
                    guard let record = try? Record(utf8: line), case .control(let control) = record.body,
                        control.event == .alert, control.text(.id) == id
                    else { return }
                    if control.text(.state) == "firing" { firstFired = firstFired ?? record.timestamp }
                    last = (record.timestamp, control)
                    if control.text(.firstRecord) != nil { found = control }
                }
            }
        }
        guard last != nil else { throw UnexplainedRecord("no log has an alert '\(id)'") }
    }

    /// The explanation.
    ///
    /// - Throws: `LogError`.
    public func explanation() throws -> Explanation {
        guard let newest = last?.control else { throw UnexplainedRecord("no log has an alert '\(id)'") }
        let control = found ?? newest
        func text(_ key: Control.Key) -> String { control.text(key) ?? "" }
        let state = newest.text(.state) ?? ""
        var explanation = Explanation(
            id,
            "\(text(.severity)) \(text(.rule)), \(state): \(text(.agent)) → \(text(.server))/\(text(.tool)): \(text(.summary))."
        )
        explanation.parameters = parameters(control)
        guard let first = RecordReference(text(.firstRecord)), let end = RecordReference(text(.lastRecord)),
            let log = logs.first(where: { $0.name == first.log })
        else { return explanation }
        try addCalls(control, log, first.seq, end.log == first.log ? end.seq : first.seq, to: &explanation)
        return explanation
    }

    private func parameters(_ control: Control) -> [(name: String, value: String)] {
        let numbers: [(String, Control.Key)] = [
            ("threshold", .threshold), ("calls", .attempts), ("same arguments", .same), ("stopped", .denied),
            ("most in 60 s", .maximum),
        ]
        var found: [(name: String, value: String)] = [("rule", control.text(.rule) ?? "")]
        found += numbers.compactMap { name, key in control.number(key).map { (name, "\($0)") } }
        for (name, key) in [("began", Control.Key.start), ("fired", .from), ("resolved", .to), ("first", .firstRecord)]
        {
            if let value = control.text(key) { found.append((name, value)) }
        }
        if let value = control.text(.lastRecord) { found.append(("last", value)) }
        return found
    }

    private func addCalls(
        _ control: Control, _ log: LogDirectory, _ first: UInt64, _ end: UInt64, to explanation: inout Explanation
    ) throws {
        guard let opening = try RecordStretch.record(first, of: log),
            let closing = try RecordStretch.record(end, of: log)
        else { return }
        let (agent, server, tool) = (control.text(.agent), control.text(.server), control.text(.tool))
        let before = opening.timestamp.advanced(by: -60_000_000)
        var chart = Explanation.Chart(from: before, to: closing.timestamp)
        var calls: [(call: Explanation.Call, digest: Digest64?)] = []
        var brake: Control?
        // Its brake comes behind the call that made it fire.
        try RecordStretch.each(of: log, from: before, through: end + AlertExplainer.brakeReach) { seq, record in
            if case .control(let other) = record.body, other.event == .brake, other.text(.id) == id { brake = other }
            guard seq <= end, case .decision(let decision) = record.body, decision.agent == agent,
                decision.server == server,
                decision.tool == tool, tool != nil
            else { return }
            chart.add(record.timestamp, isStopped: decision.verdict != .allow)
            guard seq >= first else { return }
            let call = Explanation.Call(seq: seq, at: record.timestamp, cost: 1)
            calls.append((call, decision.argumentDigest))
        }
        explanation.chart = chart
        explanation.chartOf = "calls of \(tool ?? "") by \(agent ?? "")"
        // Of a loop's calls, those alike are the loop.
        let groups = Dictionary(grouping: calls) { $0.digest }
        let same = groups.max { ($0.value.count, $1.value[0].call.seq) < ($1.value.count, $0.value[0].call.seq) }?.value
        let isLoop = control.text(.rule) == "loop"
        explanation.calls = (isLoop ? same ?? calls : calls).map(\.call)
        explanation.callsAre = isLoop ? "the calls with the same arguments" : "the calls since it began"
        explanation.changes = changes(control, calls.map(\.call), same?.count ?? 0, brake)
    }

    private func changes(
        _ control: Control, _ calls: [Explanation.Call], _ same: Int, _ brake: Control?
    ) -> [String] {
        var found: [String] = []
        if let threshold = control.number(.threshold), let rule = control.text(.rule) {
            let counted = rule == "loop" ? Int64(same) : control.number(.maximum) ?? control.number(.attempts) ?? 0
            found.append(
                "It fires at \(threshold); \(counted) were counted. Below \(threshold) it would have stayed silent.")
        }
        let busiest = control.number(.maximum) ?? 0
        if busiest > 1 {
            found.append("A limit of fewer than \(busiest) calls a minute would have stopped some of them.")
        }
        if let brake, let until = brake.text(.to) {
            found.append("A brake was put on until \(until): tollgate brake list")
        }
        return found
    }
}
