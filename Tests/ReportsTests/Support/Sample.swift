import Detection
import Events
import Terminal
import Warehouse

@testable import Reports

/// The sample fleet's report, made once for all tests.
enum Sample {
    struct Made: Sendable {
        let records: [Record]
        let store: WarehouseStore
        let file: TemporaryFile
        let report: WeeklyReport
    }

    static let made = Result<Made, any Error> {
        let (store, file) = try SampleFleet.store()
        return Made(
            records: SampleFleet.records(), store: store, file: file,
            report: try WeeklyReport.make(from: store, options: options))
    }

    /// With a log's head, in the form of one; nobody's signature.
    static var options: WeeklyOptions {
        var options = WeeklyOptions()
        let note = "vm/ecs/1\n4712\nTD/HTQG2oK5WxRFNOyn0H3zrpsaTTC1GXyRnqufJKdE=\n\n\u{2014} vm/ecs/1 DjD/UnMOoQ8=\n"
        options.heads = [HeadFigures(log: "ecs", size: 4_712, note: note)]
        return options
    }

    static let week = ISOWeek("2026-W47")

    /// A report of nothing, to be filled in.
    static func empty() -> WeeklyReport {
        let from = SampleFleet.moment("2026-11-16T00:00:00Z")
        let to = SampleFleet.moment("2026-11-23T00:00:00Z")
        return WeeklyReport(
            period: PeriodFigures(week: "2026-W47", from: Moment(from), to: Moment(to)), generatedAt: Moment(to),
            coverage: CoverageFigures(
                share: 1, records: 0, rejected: 0, missing: 0, lost: 0, withoutOutcome: 0, recoveries: 0, clockSteps: 0,
                fullDictionaries: [], logs: [], gaps: []),
            totals: TotalFigures(
                counts: CountFigures(), agents: 0, tools: 0, otherRequests: 0, refusedRequests: 0, pages: 0),
            days: (16...22).map { DayFigures(day: "2026-11-\($0)", counts: CountFigures(), isAhead: false) },
            incidents: [],
            agents: [],
            denials: DenialFigures(
                stopped: 0, wouldHaveStopped: 0, byRule: [], byReason: [], byTool: [], byAgent: [], persistent: [],
                retries: [],
                refusals: []),
            nearMisses: [], highRisk: [],
            hours: HourFigures(
                calls: Array(repeating: 0, count: 168), stopped: Array(repeating: 0, count: 168), offHoursShare: nil),
            alerts: [], heads: [], parameters: ParameterFigures())
    }

    /// A report in which one text stands everywhere that a record's text can stand.
    static func filled(with name: String, agents: Int = 1, tools: Int = 1) -> WeeklyReport {
        var report = empty()
        let moment = report.period.from
        let counts = CountFigures(
            calls: 1_234, allowed: 1_000, denied: 34, throttled: 200, held: 0, wouldHaveStopped: 5, errors: 20)
        report.totals.counts = counts
        report.totals.agents = agents
        report.totals.tools = tools
        for index in report.days.indices { report.days[index].counts = counts }
        let agentNames = (0..<agents).map { agents == 1 ? name : "\(name)-\($0)" }
        let toolNames = (0..<tools).map { tools == 1 ? name : "\(name)-tool-\($0)" }
        let peak = PeakFigures(calls: 9, at: moment)
        report.agents = agentNames.map {
            AgentFigures(
                agent: $0, counts: counts, previousCalls: 900, activeHours: 40, callsPerActiveHour: 30.85,
                peakMinute: peak, busiestHour: peak, tools: toolNames, newTools: Array(toolNames.prefix(3)),
                riskWeightedCalls: 9_000, p95Microseconds: 1_200_000, callsByDay: [1, 2, 3, 4, 5, 6, 7],
                callsOf28Days: (0..<28).map { $0 * 37 % 101 }, incidents: 1)
        }
        let movers = agentNames.flatMap { agent in
            toolNames.prefix(2).map { tool in
                MoverFigures(
                    agent: agent, server: name, tool: tool, calls: 340, previousCalls: 120, medianCalls: 130,
                    signedLogLikelihood: 108.4)
            }
        }
        report.movers = MoversFigures(rose: movers, fell: movers, appeared: movers, vanished: movers)
        report.recommendations =
            toolNames.map { tool in
                RecommendationFigures(
                    kind: .limitMissing, server: name, tool: tool, grant: name, advice: name, evidence: name,
                    effect: EffectFigures(
                        from: moment, to: moment, calls: 900, stopped: 4, newlyStopped: 12, newlyPassed: 2,
                        agents: agentNames),
                    maximum: 20, policy: name)
            } + [RecommendationFigures(kind: .credentialShared, grant: name, advice: name, evidence: name)]
        let alert = AlertFigures(
            id: "a3f09c2e51b7d604", rule: name, severity: "page", state: "resolved", agent: name, server: name,
            tool: name,
            start: moment, raised: moment, end: moment, summary: name, calls: 3, stopped: 2, identical: 1,
            acknowledged: false,
            silenced: false)
        report.incidents = agentNames.flatMap { agent in
            toolNames.prefix(1).map { tool in
                IncidentFigures(
                    ids: [name], agent: agent, server: name, tool: tool, risk: "execute", rules: [name],
                    severity: "page", start: moment,
                    detected: moment, end: moment, calls: 221, stopped: 211, identical: 200, resultUnchanged: true,
                    peakPerMinute: 47, usualPerMinute: 0.9, explanation: name, advice: [name, name], policy: name,
                    firstRecord: "\(name)/1", lastRecord: "\(name)/2", alerts: [alert],
                    timeline: TimelineFigures(
                        from: moment, stepSeconds: 60, passed: (0..<90).map { $0 % 7 },
                        stopped: (0..<90).map { $0 % 5 * 3 }),
                    day: DayShapeFigures(
                        from: moment, passed: (0..<24).map { $0 * 3 }, stopped: (0..<24).map { $0 % 5 },
                        usualLow: (0..<24).map { $0 }, usualHigh: (0..<24).map { $0 * 2 }))
            }
        }
        report.denials.stopped = 234
        report.denials.wouldHaveStopped = 5
        report.denials.byRule = toolNames.map {
            RuleFigures(
                rule: $0, reason: name, decision: "deny", mode: "enforce", policy: name, calls: 34, agents: 1, tools: 1,
                mostlyAgent: name, mostlyCalls: 34)
        }
        report.denials.byReason = [ReasonFigures(reason: name, calls: 34, share: 1)]
        report.denials.byTool = toolNames.map {
            ToolStopFigures(server: name, tool: $0, risk: name, calls: 34, denied: 30, throttled: 4, share: 0.5)
        }
        report.denials.byAgent = agentNames.map {
            AgentStopFigures(agent: $0, calls: 34, denied: 30, throttled: 4, share: 0.5, mostly: name)
        }
        report.denials.persistent = agentNames.map {
            PersistentFigures(
                agent: $0, server: name, tool: name, argumentDigest: nil, rule: name, reason: name, calls: 7,
                first: moment,
                last: moment, lastRecord: "\(name)/3")
        }
        report.denials.retries = agentNames.map {
            RetryFigures(
                agent: $0, server: name, tool: name, throttled: 9, retriedWithinTheHour: 9, tooEarly: 8,
                medianMicroseconds: 9)
        }
        report.denials.refusals = [RefusalFigures(reason: name, agent: name, server: name, method: name, requests: 4)]
        report.nearMisses = agentNames.map {
            NearMissFigures(
                agent: $0, server: name, tool: name, counter: name, windowSeconds: 60, maximum: 10, calls: 3,
                highest: 10, last: moment)
        }
        report.highRisk = agentNames.flatMap { agent in
            toolNames.map {
                HighRiskFigures(
                    server: name, tool: $0, risk: "execute", agent: agent, callsByDay: [1, 2, 3, 4, 5, 6, 7],
                    stopped: 2,
                    peakMinute: peak, limitPerMinute: 10, isNew: true)
            }
        }
        report.hours.calls = (0..<168).map { $0 * 7 % 97 }
        report.hours.stopped = (0..<168).map { $0 % 5 }
        report.alerts = [
            AlertRuleFigures(
                rule: name, severity: name, raised: 1, stillFiring: 0, acknowledged: 0, silenced: 0, perAgentWeek: 0.1,
                medianDetectionMicroseconds: 9)
        ]
        report.coverage.logs = [
            LogFigures(
                log: name, kind: name, durability: name, firstSeq: 0, lastSeq: 9, records: 10, rejected: 0, gaps: 1,
                signedTo: 4)
        ]
        report.coverage.gaps = [
            GapFigures(log: name, kind: name, records: 3, firstSeq: 4, lastSeq: 6, from: nil, to: nil, reason: name)
        ]
        return report
    }
}
