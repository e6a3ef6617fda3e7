import NIOCore
import Testing

@testable import Gateway

/// A bucket of tokens for each grant, with the clock handed in.
struct DenialThrottleTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func after(_ seconds: Double) -> NIODeadline {
        start + .nanoseconds(Int64((seconds * 1e9).rounded()))
    }

    /// What rounding may make of a time.
    private func isNear(_ delay: TimeAmount, seconds: Double) -> Bool {
        abs(Double(delay.nanoseconds) - seconds * 1e9) < 1000
    }

    @Test func aBurstIsAnsweredAtOnceAndTheRestAtTheRate() {
        var throttle = DenialThrottle(rate: 10, burst: 5)
        for _ in 0..<5 { #expect(throttle.delay(of: "g", now: start) == .zero) }
        for late in 1...20 {
            let delay = throttle.delay(of: "g", now: start)
            #expect(isNear(delay, seconds: Double(late) / 10), "\(late): \(delay)")
        }
    }

    @Test func whoKeepsToTheRateIsNeverDelayed() {
        var throttle = DenialThrottle(rate: 10, burst: 1)
        // The tenth part of a second is no binary fraction: a hair over it keeps rounding out.
        for number in 0..<1000 {
            #expect(throttle.delay(of: "g", now: after(Double(number) * 0.100001)) == .zero)
        }
    }

    @Test func answersLeaveNoFasterThanTheRateWhateverComes() {
        for seed in UInt64(0)..<20 {
            var random = SeededGenerator(seed: seed)
            let (rate, burst) = (random.below(50) + 1, random.below(20) + 1)
            var throttle = DenialThrottle(rate: rate, burst: burst)
            var now = 0.0
            var answered: [Double] = []
            for _ in 0..<500 {
                now += Double(random.below(1000)) / 20_000
                let delay = throttle.delay(of: "g", now: after(now))
                answered.append(now + Double(delay.nanoseconds) / 1e9)
            }
            answered.sort()
            // In any span of time no more leave than the burst and what the rate gives.
            for (index, end) in answered.enumerated() where index >= burst + 1 {
                let first = answered[index - burst - 1]
                // burst + 2 answers span at least one interval of the rate.
                if end - first < 1 / Double(rate) - 1e-6 { Issue.record("seed \(seed): \(end - first) s at \(index)") }
            }
        }
    }

    @Test func moreThanFiveSecondsOfDebtIsOverdrawnAndPasses() {
        var throttle = DenialThrottle(rate: 10, burst: 1)
        #expect(!throttle.isOverdrawn("g", now: start))
        for _ in 0..<51 { _ = throttle.delay(of: "g", now: start) }
        #expect(!throttle.isOverdrawn("g", now: start), "five seconds exactly")
        _ = throttle.delay(of: "g", now: start)
        #expect(throttle.isOverdrawn("g", now: start))
        #expect(!throttle.isOverdrawn("neighbour", now: start))
        #expect(throttle.delay(of: "neighbour", now: start) == .zero)
        #expect(!throttle.isOverdrawn("g", now: after(0.2)), "time pays debts")
        #expect(throttle.delay(of: "g", now: after(10)) == .zero, "and in the end all of them")
    }

    @Test func askingChargesNothing() {
        var throttle = DenialThrottle(rate: 1, burst: 1)
        for _ in 0..<1000 { #expect(!throttle.isOverdrawn("g", now: start)) }
        #expect(throttle.delay(of: "g", now: start) == .zero)
    }

    @Test func aQuietTimeSavesNoMoreThanTheBurst() {
        var throttle = DenialThrottle(rate: 10, burst: 3)
        _ = throttle.delay(of: "g", now: start)
        for _ in 0..<3 { #expect(throttle.delay(of: "g", now: after(1_000_000)) == .zero) }
        #expect(throttle.delay(of: "g", now: after(1_000_000)) > .zero)
    }

    @Test func forgettingFullBucketsChangesNoAnswer() {
        for seed in UInt64(0)..<20 {
            var random = SeededGenerator(seed: seed)
            var kept = DenialThrottle(rate: 5, burst: 3)
            var swept = kept
            var now = 0.0
            for _ in 0..<1000 {
                now += Double(random.below(140)) / 1000
                let grant = "g\(random.below(3))"
                if random.chance(30) { swept.forgetFull(now: after(now)) }
                let (own, other) = (kept.delay(of: grant, now: after(now)), swept.delay(of: grant, now: after(now)))
                if own != other { Issue.record("seed \(seed): \(own) and \(other)") }
            }
        }
    }

    @Test func aRateOfZeroDelaysNothingAndRefusesNobody() {
        var throttle = DenialThrottle(rate: 0, burst: 0)
        for _ in 0..<10_000 where throttle.delay(of: "g", now: start) != .zero { Issue.record("delayed") }
        #expect(!throttle.isOverdrawn("g", now: start))
    }
}
