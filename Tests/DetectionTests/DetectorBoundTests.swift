import Detection
import Events
import Testing

/// What the detectors may cost, whatever comes.
@Suite struct DetectorBoundTests {
    @Test func aPairFitsInto512Bytes() {
        #expect(DetectorSet.bytesPerPair <= 512)
    }

    @Test func madeUpNamesDoNotFillTheMemoryNorHideALoop() {
        var settings = DetectionSettings()
        settings.maximumPairs = 500
        var detectors = DetectorSet(settings: settings)
        var changes: [FindingChange] = []
        for index in 0..<20_000 {
            let made = FindingLifeTests.call(UInt64(index), at: Double(index) * 0.05, tool: "made-up-\(index)")
            changes += detectors.observe(made)
            guard index % 20 == 0 else { continue }
            changes += detectors.observe(FindingLifeTests.call(UInt64(index), at: Double(index) * 0.05))
        }
        #expect(detectors.pairs <= 500)
        #expect(changes.contains { $0.kind == .raised && $0.finding.tool == "build" })
        #expect(changes.allSatisfy { $0.finding.tool == "build" || $0.finding.rule == .novelty })
        #expect(changes.count { $0.kind == .raised && $0.finding.rule == .novelty } <= 5)
    }

    @Test func lateCallsAreCountedAndDisordersWithinTwoMinutesAreNot() {
        var detectors = DetectorSet()
        _ = detectors.observe(FindingLifeTests.call(0, at: 1000))
        _ = detectors.observe(FindingLifeTests.call(1, at: 881))
        #expect(detectors.lateCalls == 0)
        _ = detectors.observe(FindingLifeTests.call(2, at: 879))
        #expect(detectors.lateCalls == 1)
    }

    @Test func hostileNumbersDoNotTrap() {
        var detectors = DetectorSet()
        let times: [Int64] = [.min / 4, -1, 0, 1, 1 << 40, 253_402_300_799_999_999, .max / 4]
        for (index, time) in times.enumerated() {
            var call = CallEvent(
                record: RecordReference(log: "a", seq: .max), timestamp: Timestamp(microseconds: time), agent: "",
                server: "", tool: "")
            call.arguments = Digest64(.max)
            call.attempts = index.isMultiple(of: 2) ? .max / 8 : 1
            call.limitMaximum = .max / 8
            call.limitWindowSeconds = 60
            call.retryAfterMilliseconds = .max / 8
            call.verdict = .throttle
            _ = detectors.observe(call)
            _ = detectors.tick(Timestamp(microseconds: time))
        }
        #expect(detectors.pairs >= 1)
    }
}
