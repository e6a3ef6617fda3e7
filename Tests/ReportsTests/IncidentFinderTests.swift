import Detection
import Events
import Simulation
import Testing
import Warehouse

@testable import Reports

@Suite("IncidentFinder")
struct IncidentFinderTests {
    /// Real findings, from calls: `Finding` is made by detectors only.
    private func findings(at minutes: [Int], agent: String = "a") -> [Finding] {
        var found: [Finding] = []
        for minute in minutes {
            var detectors = DetectorSet()
            for call in 0..<40 as Range<UInt64> {
                var event = CallEvent(
                    record: RecordReference(log: "l", seq: call),
                    timestamp: SampleFleet.monday.advanced(by: Int64(minute) * 60_000_000 + Int64(call) * 500_000),
                    agent: agent,
                    server: "s", tool: "t")
                event.arguments = Digest64(1)
                _ = detectors.observe(event)
            }
            found += detectors.firing.prefix(1)
        }
        return found
    }

    @Test func findingsWithinAnHourAreOneIncident() {
        let episodes = IncidentFinder.grouped(findings(at: [0, 50, 100, 300]))
        #expect(episodes.map(\.findings.count) == [3, 1])
    }

    @Test func agentsAreKeptApartAndEarliestComesFirst() {
        let episodes = IncidentFinder.grouped(findings(at: [30], agent: "b") + findings(at: [10], agent: "c"))
        #expect(episodes.map { $0.findings[0].agent } == ["c", "b"])
    }

    @Test func endsComeInTheOrderOfTime() {
        var random = SplitMix(seed: 5)
        var queue = EndingQueue()
        for _ in 0..<500 {
            let at = Timestamp(microseconds: Int64(random.next() % 10_000))
            queue.push(CallEnding(timestamp: at, agent: "a", server: "s", tool: "t", ending: .ok, result: nil))
        }
        var times: [Timestamp] = []
        while let ending = queue.pop(until: Timestamp(microseconds: 5_000)) { times.append(ending.timestamp) }
        #expect(times == times.sorted() && times.allSatisfy { $0.microseconds <= 5_000 })
        var rest = 0
        while queue.pop(until: Timestamp(microseconds: .max)) != nil { rest += 1 }
        #expect(times.count + rest == 500, "seed 5")
    }
}

/// What is found among suspects is what all calls give, but for the usual rate in words: it looks at an agent's other tools.
@Suite("Screening")
struct ScreeningTests {
    @Test(arguments: [UInt64(1), 2])
    func suspectsHaveEveryFinding(seed: UInt64) throws {
        var options = FleetOptions(seed: seed)
        options.scenario = .fleet
        options.calls = 12_000
        let file = TemporaryFile()
        let store = try WarehouseStore(creating: file.path)
        var fleet = SimulatedFleet(options)
        var records: [Record] = []
        while let next = fleet.next() {
            records.append(Record(seq: UInt64(records.count), timestamp: next.timestamp, body: next.body))
        }
        try store.loader().load(records: records, of: LogKey(origin: "g", epoch: 1, name: "g", kind: "gateway"))
        var found = 0
        for week in ["2026-W45", "2026-W46", "2026-W47"] {
            let period = try #require(ISOWeek(week)).period(in: .utc)
            var finder = IncidentFinder(settings: DetectionSettings(), learningDays: 7)
            finder.mostRecords = .max
            let all = try finder.episodes(in: period, of: store, logs: [:]).flatMap(\.findings).map(told)
            finder.mostRecords = 0
            let screened = try finder.episodes(in: period, of: store, logs: [:]).flatMap(\.findings).map(told)
            #expect(screened == all, "seed \(seed), \(week)")
            found += all.count
        }
        #expect(found > 1, "seed \(seed)")
    }

    private func told(_ finding: Finding) -> String {
        "\(finding.rule) \(finding.agent) \(finding.tool) \(finding.start) \(finding.detected) \(finding.lastSeen) "
            + "\(finding.attempts) \(finding.denied) \(finding.same) \(finding.peakPerMinute) \(finding.threshold) "
            + "\(finding.resultUnchanged) \(finding.firstRecord) \(finding.lastRecord)"
    }
}
