import Terminal

/// What the reports on one agent and on one tool share.
struct UseBlocks {
    enum First {
        case agent
        case tool
    }

    let zone: ReportZone

    func table(_ caption: String, _ uses: [UseFigures], first: First) -> Table {
        let names: [Table.Column] =
            first == .tool ? [.name("tool"), .name("server", drop: 3), .text("risk", drop: 2)] : [.name("agent")]
        return Table(
            caption: caption,
            columns: names + [
                .number("calls"), .number("denied"), .number("throttled"), .number("errors"),
                .number("most in a minute"), .text("when", drop: 5), .text("first use", drop: 4),
                .text("by day", drop: 1),
            ],
            rows: uses.map { use in
                let cells: [Table.Cell] =
                    first == .tool
                    ? [.name(use.tool), .name(use.server), .init("\(use.risk ?? "–")")]
                    : [.name(use.agent ?? "(unresolved)")]
                return cells + [
                    .count(use.counts.calls), .count(use.counts.denied, .bad), .count(use.counts.throttled, .warn),
                    .count(use.counts.errors), .init("\(use.peakMinute.map { Words.count($0.calls) } ?? "–")"),
                    .init("\(use.peakMinute.map { zone.moment($0.at) } ?? "")", .quiet),
                    use.firstUse.map { .init("\(zone.moment($0))", .warn) } ?? .init("earlier", .quiet),
                    .spark(use.callsByDay, "\(use.callsByDay.map { Words.count($0) }.joined(separator: ", "))"),
                ]
            }, empty: "No calls.")
    }

    func facts(_ agent: AgentFigures) -> [Block] {
        var facts: [Prose] = [
            "\(Words.count(agent.activeHours, "active hour")), \(Words.decimal(agent.callsPerActiveHour)) calls in each"
        ]
        facts += peaks(agent.peakMinute, agent.busiestHour)
        if let p95 = agent.p95Microseconds {
            facts.append("95 of 100 calls took less than \(Words.duration(microseconds: Int64(p95)))")
        }
        return [.list(facts)]
    }

    func facts(_ tool: ToolFigures) -> [Block] {
        var facts: [Prose] = ["Class \(tool.risk ?? "unknown")"]
        facts += peaks(tool.peakMinute, nil)
        if let latency = tool.latency {
            facts.append(
                "Half of the calls took less than \(Words.duration(microseconds: Int64(latency.p50Microseconds))), 95 of 100 less than \(Words.duration(microseconds: Int64(latency.p95Microseconds)))"
            )
        }
        return [.list(facts)]
    }

    private func peaks(_ minute: PeakFigures?, _ hour: PeakFigures?) -> [Prose] {
        var facts: [Prose] = []
        if let minute {
            facts.append("Busiest minute: \(Words.count(minute.calls, "call")), \(zone.moment(minute.at))")
        }
        if let hour { facts.append("Busiest hour: \(Words.count(hour.calls, "call")), \(zone.moment(hour.at))") }
        return facts
    }

    func hours(_ hours: HourFigures) -> [Block] {
        HourBlocks(hours: hours, zone: zone).blocks
    }

    func rest(_ limits: [LimitFigures], _ denials: DenialFigures, _ alerts: [AlertFigures]) -> [Block] {
        var blocks: [Block] = []
        if !limits.isEmpty { blocks.append(.table(LimitBlocks(zone: zone).limits(limits))) }
        blocks += DenialBlocks(denials: denials, zone: zone).blocks
        if !alerts.isEmpty { blocks.append(.table(AlertBlocks(alerts: alerts, zone: zone).table)) }
        return blocks
    }
}
