import Detection
import Events
import Simulation
import Testing

/// The rules over simulated months: the runaway is found, everybody else is left alone.
@Suite struct FleetDetectionTests {
    @Test(arguments: [1, 2] as [UInt64]) func findsTheRunawayAndNobodyElse(_ seed: UInt64) throws {
        var options = FleetOptions(seed: seed)
        options.calls = 12_000
        let incident = try #require(SimulatedFleet(options).incidents.first)
        let raised = pages(options)
        let first = try #require(raised.first, "seed \(seed)")
        #expect(first.at.since(incident.start) < 60_000_000, "seed \(seed): found at \(first.at)")
        #expect(Set(raised.map(\.finding.rule)).isSuperset(of: [.loop, .cap]), "seed \(seed)")
        let others = raised.filter { $0.finding.agent != incident.agent || $0.finding.tool != incident.tool }
        #expect(others.count <= 1, "seed \(seed): \(others.map(\.finding.summary))")
    }

    /// The aim of docs/DETECTION.md: at most two false pages in a hundred weeks of an agent.
    @Test(arguments: [4, 5] as [UInt64]) func aQuietFleetStaysQuiet(_ seed: UInt64) {
        var options = FleetOptions(seed: seed)
        options.calls = 12_000
        options.scenario = .quiet
        let raised = pages(options)
        var fleet = SimulatedFleet(options)
        var agents: Set<String> = []
        while let (_, body) = fleet.next() {
            if case .decision(let decision) = body, let agent = decision.agent { agents.insert(agent) }
        }
        let weeks = Double(4 * agents.count)
        #expect(
            Double(raised.count) <= 0.02 * weeks, "seed \(seed): \(raised.map(\.finding.summary)) in \(weeks) weeks")
    }

    @Test func aReplayGivesTheSameChanges() {
        var options = FleetOptions(seed: 7)
        options.calls = 13_000
        options.scenario = .fleet
        let once = changes(options)
        #expect(!once.isEmpty && once == changes(options))
    }

    @Test func findsEveryKindAndNothingElse() {
        var options = FleetOptions(seed: 8)
        options.calls = 16_000
        options.scenario = .fleet
        let raised = pages(options)
        var found: Set<Incident.Kind> = []
        var wrong: [FindingChange] = []
        let incidents = SimulatedFleet(options).incidents
        for change in raised {
            let hit = incidents.first {
                $0.agent == change.finding.agent && $0.tool == change.finding.tool && $0.start <= change.at
                    && change.at <= $0.end.advanced(by: 300_000_000)
            }
            if let hit { found.insert(hit.kind) } else { wrong.append(change) }
        }
        #expect(
            wrong.count <= 2, "false: \(wrong.map { "\($0.finding.agent) \($0.finding.tool) \($0.finding.summary)" })")
        #expect(found == Set(Incident.Kind.allCases), "not found: \(Set(Incident.Kind.allCases).subtracting(found))")
    }

    /// What someone would be woken for.
    private func pages(_ options: FleetOptions) -> [FindingChange] {
        changes(options).filter {
            $0.finding.severity == .page && ($0.kind == .raised || $0.kind == .escalated)
        }
    }

    private func changes(_ options: FleetOptions) -> [FindingChange] {
        var fleet = SimulatedFleet(options)
        var detectors = DetectorSet()
        var changes: [FindingChange] = []
        var seq: UInt64 = 0
        while let (time, body) = fleet.next() {
            changes += detectors.observe(Record(seq: seq, timestamp: time, body: body), log: "gw")
            seq += 1
        }
        return changes
    }
}
