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
        let raised = changes(options).filter { $0.kind == .raised }
        let first = try #require(raised.first, "seed \(seed)")
        #expect(first.at.since(incident.start) < 60_000_000, "seed \(seed): found at \(first.at)")
        #expect(Set(raised.map(\.finding.rule)) == [.loop, .cap], "seed \(seed)")
        #expect(raised.allSatisfy { $0.finding.agent == incident.agent && $0.finding.tool == incident.tool })
    }

    @Test(arguments: [4, 5] as [UInt64]) func aQuietFleetStaysQuiet(_ seed: UInt64) {
        var options = FleetOptions(seed: seed)
        options.calls = 12_000
        options.scenario = .quiet
        let raised = changes(options)
        #expect(raised.isEmpty, "seed \(seed): \(raised.map(\.finding.summary))")
    }

    @Test func aReplayGivesTheSameChanges() {
        var options = FleetOptions(seed: 7)
        options.calls = 13_000
        options.scenario = .fleet
        let once = changes(options)
        #expect(!once.isEmpty && once == changes(options))
    }

    /// Which kinds `loop` and `cap` find by themselves; the rest waits for `polling`, `budget`, `run` and `denials`.
    @Test func findsTheKindsThatLoopsAndCapsShow() {
        var options = FleetOptions(seed: 8)
        options.calls = 16_000
        options.scenario = .fleet
        let raised = changes(options).filter { $0.kind == .raised }
        var found: Set<Incident.Kind> = []
        let incidents = SimulatedFleet(options).incidents
        for change in raised {
            let hit = incidents.first {
                $0.agent == change.finding.agent && $0.tool == change.finding.tool && $0.start <= change.at
                    && change.at <= $0.end.advanced(by: 300_000_000)
            }
            #expect(hit != nil, "false: \(change.finding.agent) \(change.finding.tool) \(change.finding.summary)")
            if let hit { found.insert(hit.kind) }
        }
        #expect(found.isSuperset(of: [.runaway, .modelLoop, .burst, .denialStorm]), "\(found)")
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
