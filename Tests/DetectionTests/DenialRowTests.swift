import Detection
import Events
import Testing

/// Different things that an agent is denied one after another.
@Suite struct DenialRowTests {
    /// One agent's calls of one tool.
    private struct Story {
        private var detectors = DetectorSet()
        private var clock: Int64 = 1_793_610_000_000_000
        private var seq: UInt64 = 0
        private(set) var pages: [Finding] = []

        mutating func pause(seconds: Double) {
            clock += Int64(seconds * 1_000_000)
        }

        /// Calls `every` so many seconds, each of other arguments unless these are given.
        mutating func calls(
            _ count: Int, _ verdict: Verdict = .deny, every seconds: Double = 5, arguments: UInt64? = nil
        ) {
            for _ in 0..<count {
                var call = CallEvent(
                    record: RecordReference(log: "gw", seq: seq), timestamp: Timestamp(microseconds: clock),
                    agent: "coder", server: "files", tool: "read_file")
                call.verdict = verdict
                call.arguments = Digest64(arguments ?? seq &* 0x9E37_79B9_7F4A_7C15 | 1)
                if verdict == .throttle { call.retryAfterMilliseconds = 100 }
                let found = detectors.observe(call).filter { $0.kind == .raised && $0.finding.rule == .denials }
                pages += found.map(\.finding)
                seq += 1
                pause(seconds: seconds)
            }
        }
    }

    @Test func theTenthThingDeniedIsTold() throws {
        var story = Story()
        story.calls(3, .allow)
        story.calls(9)
        #expect(story.pages.isEmpty)
        story.calls(1)
        let page = try #require(story.pages.first)
        #expect(page.attempts == 10 && page.denied == 10 && page.threshold == 10)
        #expect(page.firstRecord.seq == 3 && page.lastRecord.seq == 12, "from the first that was denied")
    }

    @Test func whatPassesAndAPauseOfTenMinutesEndIt() {
        for ending in [{ $0.calls(1, .allow) }, { $0.pause(seconds: 601) }] as [(inout Story) -> Void] {
            var story = Story()
            story.calls(9)
            ending(&story)
            story.calls(4)
            #expect(story.pages.isEmpty)
            story.calls(6)
            #expect(story.pages.count == 1)
        }
    }

    @Test func aThrottledCallIsNoAnswer() {
        var story = Story()
        story.calls(6)
        story.calls(3, .throttle)
        story.calls(4)
        #expect(story.pages.count == 1)
    }

    @Test func retriesAndCallsMadeAtOnceCountOnce() {
        var story = Story()
        for thing: UInt64 in 1...2 { story.calls(5, arguments: thing) }
        story.calls(4, every: 0.1)
        #expect(story.pages.isEmpty, "fourteen denials of six things, four of which were asked for at once")
        story = Story()
        story.calls(14, every: 0.9)
        #expect(story.pages.isEmpty, "fourteen in thirteen seconds: seven answers could be heeded")
    }

    @Test func whereManyThingsAreUsuallyDeniedInARowThreeTimesAsManyAreTooMany() throws {
        var story = Story()
        for _ in 0..<100 {
            story.calls(5, every: 60)
            story.calls(2, .allow, every: 400)
        }
        story.calls(14, every: 50)
        #expect(story.pages.isEmpty, "twelve within ten minutes")
        story.calls(1, every: 50)
        #expect(story.pages.map(\.threshold) == [15])
    }
}
