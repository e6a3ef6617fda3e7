import Detection
import Events
import Testing

/// A finding's beginning, growth and end.
@Suite struct FindingLifeTests {
    static let start = Timestamp(microseconds: 1_793_610_000_000_000)

    static func call(_ seq: UInt64, at seconds: Double, arguments: UInt64? = 1, tool: String = "build") -> CallEvent {
        var call = CallEvent(
            record: RecordReference(log: "a", seq: seq), timestamp: start.advanced(by: Int64(seconds * 1_000_000)),
            agent: "agent", server: "ecs", tool: tool)
        call.risk = .execute
        call.arguments = arguments.map(Digest64.init)
        return call
    }

    @Test func countsWhatHappenedSinceTheFirstCall() throws {
        var detectors = DetectorSet()
        var changes: [FindingChange] = []
        changes += detectors.observe(Self.call(0, at: 0, arguments: 9))
        changes += detectors.observe(Self.call(1, at: 1, arguments: 8))
        for index in 0..<7 {
            var call = Self.call(UInt64(2 + index), at: Double(60 + 10 * index))
            if index > 2 { call.verdict = .throttle }
            changes += detectors.observe(call)
        }
        let finding = try #require(changes.first).finding
        #expect(changes.count == 1 && changes[0].kind == .raised)
        #expect(finding.attempts == 7 && finding.same == 7 && finding.denied == 4 && finding.threshold == 7)
        #expect(finding.start == Self.start.advanced(by: 60_000_000))
        #expect(finding.detected == Self.start.advanced(by: 120_000_000))
        #expect(finding.firstRecord.description == "a/2" && finding.lastRecord.description == "a/8")
        #expect(finding.summary == "7 calls in 60 s; began 09:01:00; same arguments 7 times, 4 denied")
    }

    @Test func isToldAgainWhenThreeTimesAsLargeAndClearedWhenCalm() {
        var detectors = DetectorSet()
        var changes: [FindingChange] = []
        for index in 0..<70 { changes += detectors.observe(Self.call(UInt64(index), at: Double(index) * 5)) }
        #expect(changes.map(\.kind) == [.raised, .continues, .continues])
        #expect(changes.map(\.finding.attempts) == [7, 21, 63])
        #expect(detectors.firing.map(\.attempts) == [70])
        let last = Self.start.advanced(by: 69 * 5_000_000)
        #expect(detectors.tick(last.advanced(by: 599_999_999)).isEmpty)
        let cleared = detectors.tick(last.advanced(by: 3_600_000_000))
        #expect(cleared.map(\.kind) == [.cleared])
        // Stamped with the moment it fell due, not with the tick's.
        #expect(cleared.first?.at == last.advanced(by: 600_000_000))
        #expect(cleared.first?.finding.attempts == 70 && detectors.firing.isEmpty)
    }

    @Test func othersCallsDoNotKeepItGoing() {
        var detectors = DetectorSet()
        for index in 0..<8 { _ = detectors.observe(Self.call(UInt64(index), at: Double(index) * 5)) }
        var changes: [FindingChange] = []
        for index in 0..<200 {
            changes += detectors.observe(
                Self.call(UInt64(100 + index), at: 60 + Double(index) * 10, arguments: 1000 + UInt64(index)))
        }
        #expect(changes.map(\.kind) == [.cleared])
    }

    @Test func clearedByEventsAndByTicksAlike() {
        let calls = (0..<8).map { Self.call(UInt64($0), at: Double($0) * 5) }
        let late = Self.call(99, at: 5000, arguments: 5, tool: "other")
        var ticked = DetectorSet()
        var replayed = DetectorSet()
        var live: [FindingChange] = []
        for call in calls { live += ticked.observe(call) }
        for second in stride(from: 60.0, to: 5000, by: 7) {
            live += ticked.tick(Self.start.advanced(by: Int64(second * 1_000_000)))
        }
        live += ticked.observe(late)
        #expect(live == (calls + [late]).flatMap { replayed.observe($0) })
    }

    @Test func aShadowDenialIsNoDenialAndAHoldsEndNoCall() throws {
        var decision = Decision(
            gateway: "gw", identity: .grant, server: "ecs", transport: .http, method: "tools/call", verdict: .deny,
            mode: .shadow, reason: .limit)
        decision.tool = "build"
        decision.limit = LimitReading(counter: "c", windowSeconds: 60, maximum: 10, used: 10)
        let record = RecordReference(log: "a", seq: 3)
        let call = try #require(CallEvent(decision: decision, record: record, timestamp: Self.start))
        #expect(!call.isRefused && call.limitMaximum == 10 && call.agent == CallEvent.unresolvedAgent)
        decision.mode = .enforce
        #expect(CallEvent(decision: decision, record: record, timestamp: Self.start)?.isRefused == true)
        decision.of = 1
        #expect(CallEvent(decision: decision, record: record, timestamp: Self.start) == nil)
        decision.of = nil
        decision.method = "tools/list"
        #expect(CallEvent(decision: decision, record: record, timestamp: Self.start) == nil)
    }

    @Test func referencesReadBack() {
        #expect(RecordReference("a/b/7") == RecordReference(log: "a/b", seq: 7))
        for wrong in ["", "7", "/7", "a/", "a/-1", "a/x"] { #expect(RecordReference(wrong) == nil) }
    }
}
