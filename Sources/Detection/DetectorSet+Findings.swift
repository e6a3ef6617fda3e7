import Events

extension DetectorSet {
    /// Raises or sustains one rule's finding about a pair.
    mutating func settle<Rule: DetectionRule>(
        _ rule: Rule.Type, _ reading: RuleReading?, _ call: CallEvent, _ index: Int, _ changes: inout [FindingChange]
    ) {
        let isRaised = table.pairs[index].raised & Rule.name.bit != 0
        if isRaised { raised.count(Rule.name, of: .pair(index), call) }
        guard let reading, isRaised || reading.fires else { return }
        if isRaised {
            let grown = raised.sustain(
                Rule.name, of: .pair(index), by: call, reading: reading, tally: tally(ofPair: index))
            if let grown { changes.append(change(grown.kind, grown.finding)) }
            return
        }
        guard !settings.disabled.contains(Rule.name) else { return }
        let state = table.pairs[index]
        var finding = finding(
            Rule.self, reading, call, agent: call.agent, tally: tally(ofPair: index))
        let same = call.arguments.map { state.loop.repeats(of: $0.value, at: state.lastSeen) } ?? 0
        finding.same = min(same, finding.attempts)
        if Int(state.surge.learned) >= settings.surge.learnedCalls {
            finding.usualPerMinute = Double(state.surge.usual) * 60
        }
        raised.raise(finding, of: .pair(index), arguments: call.arguments, origin: reading.origin)
        table.pairs[index].raised |= Rule.name.bit
        changes.append(change(.raised, finding))
    }

    /// Raises or sustains the finding about a tool and all its agents.
    mutating func settleFleet(
        _ reading: RuleReading?, _ call: CallEvent, _ tool: Int, _ changes: inout [FindingChange]
    ) {
        guard let reading, table.tools[tool].isRaised || reading.fires else { return }
        let state = table.tools[tool]
        let tally = Tally(
            attempts: state.attempts, refused: state.refused, perMinute: state.minute.total,
            lastSeen: call.timestamp.microseconds)
        if state.isRaised {
            let grown = raised.sustain(.fleet, of: .tool(tool), by: call, reading: reading, tally: tally)
            if let grown { changes.append(change(grown.kind, grown.finding)) }
            return
        }
        guard !settings.disabled.contains(.fleet) else { return }
        let finding = finding(FleetRule.self, reading, call, agent: "*", tally: tally)
        raised.raise(finding, of: .tool(tool), arguments: nil, origin: reading.origin)
        table.tools[tool].isRaised = true
        changes.append(change(.raised, finding))
    }

    /// A first use is over as soon as it is told, so that made-up names cannot fill the memory; a few a day of one agent.
    mutating func tellNovelty(
        _ reading: RuleReading, _ call: CallEvent, _ index: Int, _ changes: inout [FindingChange]
    ) {
        let agent = Int(table.pairs[index].agentIndex)
        let day = UInt32(truncatingIfNeeded: call.timestamp.microseconds / 86_400_000_000)
        if table.agents[agent].noveltyDay != day {
            table.agents[agent].noveltyDay = day
            table.agents[agent].novelties = 0
        }
        guard !settings.disabled.contains(.novelty),
            Int(table.agents[agent].novelties) < settings.novelty.maximumPerDay
        else { return }
        table.agents[agent].novelties += 1
        let finding = finding(NoveltyRule.self, reading, call, agent: call.agent, tally: tally(ofPair: index))
        changes.append(change(.raised, finding))
        changes.append(change(.cleared, finding))
    }

    private func tally(ofPair index: Int) -> Tally {
        let state = table.pairs[index]
        return Tally(
            attempts: state.attempts, refused: state.refused, perMinute: state.minute.total,
            unchangedResults: state.unchangedResults, lastSeen: state.lastSeen,
            inhibitedBy: table.tools[Int(state.toolIndex)].isRaised ? .fleet : nil)
    }

    private func finding<Rule: DetectionRule>(
        _ rule: Rule.Type, _ reading: RuleReading, _ call: CallEvent, agent: String, tally: Tally
    ) -> Finding {
        let first = reading.origin.record
        let name = first.log < logs.count ? logs[first.log] : call.record.log
        var finding = Finding(
            rule: Rule.name, severity: reading.severity ?? Rule.severity, agent: agent, server: call.server,
            tool: call.tool, start: Timestamp(microseconds: reading.origin.start),
            firstRecord: RecordReference(log: name, seq: first.seq))
        let at = Timestamp(microseconds: tally.lastSeen)
        finding.detected = at
        finding.lastSeen = at
        finding.attempts = Int(tally.attempts &- reading.origin.attemptsBefore)
        finding.denied = Int(tally.refused &- reading.origin.refusedBefore)
        finding.peakPerMinute = tally.perMinute
        finding.threshold = reading.threshold
        finding.resultUnchanged = tally.unchangedResults >= 2
        finding.inhibitedBy = tally.inhibitedBy
        finding.lastRecord = call.record
        return finding
    }

    private func change(_ kind: FindingChange.Kind, _ finding: Finding) -> FindingChange {
        FindingChange(kind: kind, finding: finding, at: finding.lastSeen)
    }
}

extension RuleName {
    /// The rule's place in a pair's set of raised findings.
    var bit: UInt16 {
        switch self {
        case .loop: 1 << 0
        case .cap: 1 << 1
        case .polling: 1 << 2
        case .run: 1 << 3
        case .surge: 1 << 4
        case .denials: 1 << 5
        case .budget: 1 << 6
        case .defiance: 1 << 7
        case .novelty: 1 << 8
        case .fleet: 1 << 9
        case .silence: 1 << 10
        }
    }
}
