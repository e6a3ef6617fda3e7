import Crypto
import Events
import Simulation
import Testing

@Suite struct SimulatedFleetTests {
    /// The bytes of seed 1 with 2,000 calls; another digest means other bytes for everybody's seeds.
    static let digestOfSeed1 = "d36bcb1ba7446160abce57dad61459af4cbda7c59c4435befdd37fabc5a55ec0"

    @Test func seedOneIsTheSameOnEveryMachine() {
        var options = FleetOptions(seed: 1)
        options.calls = 2000
        #expect(digest(of: options) == Self.digestOfSeed1)
    }

    @Test func equalOptionsGiveEqualBytesAndOthersDiffer() {
        var digests: Set<String> = []
        for seed in 2...3 as ClosedRange<UInt64> {
            for scenario in [Scenario.quiet, .runaway] {
                var options = FleetOptions(seed: seed)
                options.calls = 600
                options.scenario = scenario
                let first = digest(of: options)
                #expect(first == digest(of: options), "seed \(seed)")
                digests.insert(first)
            }
        }
        #expect(digests.count == 4)
    }

    @Test(arguments: [1, 400, 4000]) func makesTheCallsAskedFor(_ calls: Int) {
        var options = FleetOptions(seed: 3)
        options.calls = calls
        var fleet = SimulatedFleet(options)
        var made = 0
        var last = options.start
        while let (time, body) = fleet.next() {
            if case .decision(let decision) = body, decision.method == "tools/call" { made += 1 }
            last = time
        }
        #expect(made == calls)
        #expect(fleet.calls == calls)
        #expect(last < options.start.advanced(by: 30 * 86_400_000_000), "ended \(last)")
    }

    @Test func countsOnFromTheStartingSeq() {
        var options = FleetOptions(seed: 4)
        options.calls = 300
        let plain = records(of: options)
        options.startingSeq = 1000
        let shifted = records(of: options)
        #expect(plain.map(\.timestamp) == shifted.map(\.timestamp))
        #expect(shifted.first?.seq == 1000)
        for (a, b) in zip(plain, shifted) {
            guard case .outcome(let one) = a.body, case .outcome(let other) = b.body else { continue }
            #expect(one.of + 1000 == other.of)
        }
    }

    @Test(arguments: Scenario.allCases) func incidentsAreLabelledAndHappen(_ scenario: Scenario) {
        var options = FleetOptions(seed: 5)
        options.calls = 16_000
        options.scenario = scenario
        var fleet = SimulatedFleet(options)
        let incidents = fleet.incidents
        switch scenario {
        case .quiet: #expect(incidents.isEmpty)
        case .runaway: #expect(incidents.map(\.kind) == [.runaway])
        case .fleet: #expect(Set(incidents.map(\.kind)) == Set(Incident.Kind.allCases))
        }
        var calls = Array(repeating: 0, count: incidents.count)
        while let (time, body) = fleet.next() {
            guard case .decision(let decision) = body, let tool = decision.tool else { continue }
            for (index, incident) in incidents.enumerated()
            where incident.agent == decision.agent && incident.tool == tool {
                if time >= incident.start && time <= incident.end { calls[index] += 1 }
            }
        }
        for (incident, count) in zip(incidents, calls) {
            #expect(count >= 20, "\(incident.kind) has \(count) calls")
            #expect(incident.start < incident.end)
        }
    }

    private func digest(of options: FleetOptions) -> String {
        var hash = SHA256()
        var line = LineBuffer()
        for record in records(of: options) {
            line.truncate(to: 0)
            line.append(record)
            hash.update(bufferPointer: line.bytes)
        }
        return hash.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}

/// All records of a fleet.
func records(of options: FleetOptions) -> [Record] {
    var fleet = SimulatedFleet(options)
    var records: [Record] = []
    var seq = options.startingSeq
    while let (time, body) = fleet.next() {
        records.append(Record(seq: seq, timestamp: time, body: body))
        seq += 1
    }
    return records
}
