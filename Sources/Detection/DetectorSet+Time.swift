public import Events

extension DetectorSet {
    /// Clears what has been calm by now, and finds who is silent, stamped with the moment at which it fell due, while no
    /// calls come.
    ///
    /// Hand in a clock that is behind every call still to come, or findings are cleared too early.
    public mutating func tick(_ moment: Timestamp) -> [FindingChange] {
        // Before the first event there is nothing to clear, and the hours to look at begin with that.
        guard let now else { return [] }
        return pass(until: moment.microseconds, since: now)
    }

    /// Time goes on to an event's.
    mutating func advance(to time: Timestamp) -> [FindingChange] {
        if let now, time.microseconds <= now { return [] }
        if now == nil { watchedSince = time.microseconds }
        let last = now ?? time.microseconds
        now = time.microseconds
        return pass(until: time.microseconds, since: last)
    }

    /// - Parameter last: the newest event's time before this; its own where it is the first.
    private mutating func pass(until time: Int64, since last: Int64) -> [FindingChange] {
        let hours = time / HourlyHabits.hour
        if hours <= hour { return clear(until: time) }
        guard hour != .min else {
            hour = hours
            return clear(until: time)
        }
        var changes: [FindingChange] = []
        // A longer leap is no silence of an agent's, and must not cost more than this. Counted from the last event, so that
        // one leap looks at the hours that many small steps of the clock would have looked at.
        let end = min(hours, last / HourlyHabits.hour + settings.silence.maximumHours)
        while hour < end {
            let over = (hour + 1) * HourlyHabits.hour
            changes += clear(until: over)
            closeHour(hour, at: over, &changes)
            hour += 1
        }
        hour = hours
        return changes + clear(until: time)
    }

    private mutating func clear(until time: Int64) -> [FindingChange] {
        raised.clear(until: time).map { cleared in
            switch cleared.subject {
            case .pair(let index): table.pairs[index].raised &= ~cleared.change.finding.rule.bit
            case .tool(let index): table.tools[index].isRaised = false
            case .agent, .everything: break
            }
            return cleared.change
        }
    }

    // MARK: - Silence

    private mutating func closeHour(_ hour: Int64, at end: Int64, _ changes: inout [FindingChange]) {
        for index in table.agents.indices where table.agents[index].calls > 0 {
            table.agents[index].habits.close(hour: hour)
            guard settings.silence.fires(table.agents[index], at: end) else { continue }
            table.agents[index].habits.isSilent = true
            raiseSilence(
                of: .agent(index), table.agentNames[index], last: table.agents[index], at: end, &changes)
        }
        guard everyone.calls > 0 else { return }
        everyone.habits.close(hour: hour)
        guard settings.silence.fires(everyone, at: end) else { return }
        everyone.habits.isSilent = true
        raiseSilence(of: .everything, "*", last: everyone, at: end, &changes)
    }

    private mutating func raiseSilence(
        of subject: FindingSubject, _ agent: String, last: AgentState, at end: Int64, _ changes: inout [FindingChange]
    ) {
        guard !settings.disabled.contains(.silence) else { return }
        let log = last.lastRecord.log < logs.count ? logs[last.lastRecord.log] : ""
        var finding = Finding(
            rule: .silence, severity: SilenceRule.severity, agent: agent, server: "*", tool: "*",
            start: Timestamp(microseconds: last.lastSeen),
            firstRecord: RecordReference(log: log, seq: last.lastRecord.seq))
        finding.detected = Timestamp(microseconds: end)
        finding.lastSeen = finding.detected
        finding.threshold = Int(settings.silence.minimum)
        raised.raise(finding, of: subject, arguments: nil, origin: EpisodeOrigin())
        changes.append(FindingChange(kind: .raised, finding: finding, at: finding.detected))
    }

    /// A silence is over with the next call.
    mutating func endSilence(of agent: Int, _ call: CallEvent, _ changes: inout [FindingChange]) {
        if table.agents[agent].habits.isSilent {
            table.agents[agent].habits.isSilent = false
            endSilence(of: .agent(agent), call, &changes)
        }
        if everyone.habits.isSilent {
            everyone.habits.isSilent = false
            endSilence(of: .everything, call, &changes)
        }
    }

    mutating func endSilence(
        of subject: FindingSubject, _ call: CallEvent, _ changes: inout [FindingChange]
    ) {
        guard var finding = raised.end(.silence, of: subject) else { return }
        finding.lastSeen = call.timestamp
        finding.lastRecord = call.record
        changes.append(FindingChange(kind: .cleared, finding: finding, at: call.timestamp))
    }
}
