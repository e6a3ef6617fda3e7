import Events
import Policy
import StrictJSON
import Testing

/// How much limits remember, and when they forget.
struct CounterMemoryTests {
    private func limited(_ maximum: Int, window: Int = 60) throws -> CompiledPolicy {
        try policy(
            documentText(tool: #"{"limits":[{"counter":"c","window":\#(window),"max":\#(maximum),"scope":"grant"}]}"#))
    }

    private func caller(_ index: Int) -> Caller {
        // As long as a session id usually is.
        Caller(agent: "a", grant: "3f2b8c1e-0000-4000-8000-\(100_000_000_000 + index)", session: nil, server: "x")
    }

    @Test func aMillionSmallCountersFitInto256Megabytes() throws {
        let policy = try limited(10)
        var counters = LimitCounters()
        let count = 2_000
        for index in 0..<count {
            for _ in 0..<10 {
                let reservation = Reservation(tool: "t", caller: caller(index), cost: nil, at: .start)
                counters.restore(reservation, under: policy)
            }
        }
        #expect(counters.count == count)
        #expect(counters.bytes / count <= 256_000_000 / 1_000_000, "\(counters.bytes / count) bytes a counter")
    }

    @Test func aLargeCountersMemoryIsBounded() throws {
        let policy = try limited(100_000)
        var counters = LimitCounters()
        let count = 300
        for _ in 0..<50 {
            for index in 0..<count {
                let reservation = Reservation(tool: "t", caller: caller(index), cost: nil, at: .start)
                counters.restore(reservation, under: policy)
            }
        }
        #expect(counters.bytes / count <= 1300, "\(counters.bytes / count) bytes a counter")
    }

    @Test func emptyCountersAreForgottenAlongTheWay() throws {
        let policy = try limited(10, window: 1)
        var counters = LimitCounters()
        var most = 0
        for index in 0..<6_000 {
            let one = Call(tool: "t", arguments: nil, in: .init(), caller: caller(index))
            // Two hundred callers a second, a window of a second.
            #expect(policy.decide(one, counters: &counters, now: .after(Double(index) / 200)).passes)
            most = max(most, counters.count)
        }
        #expect(most < 800, "\(most) counters at once")
    }

    @Test func nothingIsForgottenWhileItCanDeny() throws {
        let policy = try limited(1, window: 3600)
        var counters = LimitCounters()
        for index in 0..<1000 {
            _ = policy.decide(
                Call(tool: "t", arguments: nil, in: .init(), caller: caller(index)), counters: &counters,
                now: .after(Double(index) / 2))
        }
        #expect(counters.count == 1000)
        for index in 0..<1000 {
            let one = Call(tool: "t", arguments: nil, in: .init(), caller: caller(index))
            #expect(!policy.decide(one, counters: &counters, now: .after(1600)).passes)
        }
    }

    @Test func withoutRoomForACounterACallIsThrottledAndNothingIsForgotten() throws {
        let policy = try limited(1)
        var counters = LimitCounters(maximumCounters: 3)
        func decide(_ index: Int, _ seconds: Double) -> PolicyVerdict {
            policy.decide(
                Call(tool: "t", arguments: nil, in: .init(), caller: caller(index)), counters: &counters,
                now: .after(seconds))
        }
        for index in 0..<3 { #expect(decide(index, Double(index)).passes) }
        let refused = decide(3, 10)
        #expect(refused.verdict == .throttle)
        #expect(refused.reason == .overloaded)
        #expect(refused.retryAfterMilliseconds == 1000)
        for index in 0..<3 { #expect(decide(index, 11).reason == .limit) }
        #expect(decide(3, 60).passes)
        #expect(counters.count == 3)
    }
}
