import Events

extension LogMetrics {
    /// Writes what was counted.
    func write(to text: inout MetricsText) {
        writeCalls(to: &text)
        writeLogs(to: &text)
        writeAlerts(to: &text)
    }

    private func writeCalls(to text: inout MetricsText) {
        text.add(
            .allCalls,
            Verdict.allCases.flatMap { verdict in
                Mode.allCases.map { mode in
                    Sample([verdict.rawValue, mode.rawValue], calls.all[.init(verdict: verdict, mode: mode)] ?? 0)
                }
            })
        text.add(
            .decisions,
            calls.decisions.flatMap { pair, counts in
                counts.map {
                    Sample(
                        [
                            pair.server, pair.name, $0.verdict.rawValue, $0.reason.rawValue, $0.mode.rawValue,
                        ], $1)
                }
            })
        text.add(
            .agentCalls,
            calls.agents.flatMap { agent, counts in
                counts.map { Sample([agent, $0.verdict.rawValue, $0.mode.rawValue], $1) }
            })
        text.add(.otherRequests, otherSamples)
        text.add(.refusedRequests, Reason.allCases.map { Sample([$0.rawValue], refused[$0] ?? 0) })
        text.add(
            .outcomes,
            calls.outcomes.flatMap { pair, counts in
                counts.map { Sample([pair.server, pair.name, $0.rawValue], $1) }
            })
        text.add(.upstreamDuration, calls.upstream.map { ([$0.server, $0.name], $1) })
        text.add(.gatewayDuration, calls.added.map { ([$0], $1) })
    }

    /// Their modes together: only tool calls have a policy's.
    private var otherSamples: [Sample] {
        var sums: [[String]: UInt64] = [:]
        for (pair, counts) in calls.others {
            for (verdict, count) in counts {
                sums[[pair.server, pair.name, verdict.verdict.rawValue, verdict.reason.rawValue], default: 0] += count
            }
        }
        return sums.map { Sample($0, $1) }
    }

    private func writeLogs(to text: inout MetricsText) {
        text.add(
            .logRecords, logs.flatMap { log, state in state.records.map { Sample([log, $0.rawValue], $1) } })
        text.add(
            .newestRecord,
            logs.compactMap { log, state in state.newest.map { Sample([log], Double($0.microseconds) / 1_000_000) } })
        text.add(.gaps, logs.map { Sample([$0], $1.gaps) })
        text.add(.lostRecords, logs.map { Sample([$0], $1.lost) })
        text.add(.missingRecords, logs.map { Sample([$0], $1.missing) })
        text.add(.unreadableLines, logs.map { Sample([$0], $1.unreadable) })
        text.add(.controlRecords, ControlEvent.allCases.map { Sample([$0.rawValue], controls[$0] ?? 0) })
        let uses = labelUses
        text.add(.foldedRecords, uses.map { Sample([$0.label], $0.folded) })
        text.add(.labelLimit, uses.map { Sample([$0.label], Double($0.limit)) })
        text.add(.labelNames, uses.map { Sample([$0.label], Double($0.names)) })
    }

    private var labelUses: [(label: String, limit: Int, names: Int, folded: UInt64)] {
        func use<Name>(_ label: String, _ names: FirstComers<Name>) -> (String, Int, Int, UInt64) {
            (label, names.limit, names.names.count, names.folded)
        }
        return [
            use("agent", calls.agentNames), use("tool", calls.tools), use("timed_tool", calls.timedTools),
            use("method", calls.methods), use("log", logNames), use("rule", alerts.rules),
        ]
    }

    private func writeAlerts(to text: inout MetricsText) {
        text.add(
            .alertsOpen, alerts.open.map { Sample([$0.rule, $0.severity, $0.state], Double($1)) })
        text.add(.alertSteps, alerts.steps.map { Sample([$0.rule, $0.severity, $0.state], $1) })
        text.add(.verificationProblems, Double(alerts.verificationProblems))
        text.add(.brakesPut, calls.brakes.map { Sample([$0.server, $0.name], $1) })
    }
}
