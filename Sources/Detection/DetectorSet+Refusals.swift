import Events

extension DetectorSet {
    /// Looks at a tool whose definition changed: whatever policy refused of it may slip through from now on.
    public mutating func observe(_ change: ToolChange) -> [FindingChange] {
        let changes = advance(to: change.timestamp)
        guard let tool = table.toolIndex(server: change.server, tool: change.tool) else { return changes }
        let origin = EpisodeOrigin(
            start: change.timestamp.microseconds,
            record: PackedReference(log: number(ofLog: change.record.log), seq: change.record.seq),
            attemptsBefore: table.tools[tool].attempts, refusedBefore: table.tools[tool].refused)
        table.tools[tool].refusals.change(origin, learned: settings.silence.refusedHours)
        return changes
    }

    /// Notes whether a call was refused, and tells when no call is any more.
    mutating func settleRefusals(_ call: CallEvent, _ time: Int64, _ tool: Int, _ changes: inout [FindingChange]) {
        let isRefused = call.verdict == .deny || call.verdict == .throttle
        table.tools[tool].refusals.note(isRefused: isRefused, at: time)
        let habit = table.tools[tool].refusals
        if isRefused, habit.isTold {
            table.tools[tool].refusals.isTold = false
            endSilence(of: .tool(tool), call, &changes)
        }
        guard habit.isWatched, !habit.isTold, habit.surprise >= settings.silence.minimum,
            !settings.disabled.contains(.silence)
        else { return }
        table.tools[tool].refusals.isTold = true
        let name = habit.origin.record.log < logs.count ? logs[habit.origin.record.log] : call.record.log
        var finding = Finding(
            rule: .silence, severity: SilenceRule.severity, agent: "*", server: call.server, tool: call.tool,
            start: Timestamp(microseconds: habit.origin.start),
            firstRecord: RecordReference(log: name, seq: habit.origin.record.seq))
        finding.detected = Timestamp(microseconds: time)
        finding.lastSeen = finding.detected
        finding.attempts = Int(table.tools[tool].attempts &- habit.origin.attemptsBefore)
        finding.threshold = Int(settings.silence.minimum)
        finding.lastRecord = call.record
        raised.raise(finding, of: .tool(tool), arguments: nil, origin: habit.origin)
        changes.append(FindingChange(kind: .raised, finding: finding, at: finding.detected))
    }
}
