import Detection
import Events
import Testing

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
