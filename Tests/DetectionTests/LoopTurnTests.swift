import Detection
import Events
import Testing

/// A loop that goes through several arguments in turn, more than are remembered at once.
@Suite struct LoopTurnTests {
    @Test(arguments: 1...8) func everyTurnIsFound(_ things: Int) {
        let seed = UInt64.random(in: 1...1_000_000)
        var random = SeededNumbers(seed)
        let digests = (0..<things).map { _ in Digest64(random.next()) }
        var detectors = DetectorSet()
        var clock: Int64 = 1_793_610_000_000_000
        var found: Int?
        for call in 0..<400 where found == nil {
            var event = CallEvent(
                record: RecordReference(log: "gw", seq: UInt64(call)), timestamp: Timestamp(microseconds: clock),
                agent: "coder", server: "files", tool: "read_file")
            // Not polled, whatever its rhythm. What came before, then the loop.
            event.risk = .write
            event.arguments = call < 6 ? Digest64(random.next()) : digests[call % things]
            let pages = detectors.observe(event).filter { $0.finding.rule == .loop && $0.kind == .raised }
            if !pages.isEmpty { found = call - 5 }
            clock += 3_000_000 + Int64(random.next() % 3_000_000)
        }
        // With room for all of them the seventh turn's first call would do: 6 · things + 1. With four places it was ever
        // found by nine times the things and a few more.
        #expect((found ?? .max) <= 20 * things + 20, "\(things) in turn, seed \(seed): found at call \(found ?? -1)")
    }
}
