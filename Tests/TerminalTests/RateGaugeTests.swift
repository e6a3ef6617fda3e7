import Events
import Testing

@testable import Terminal

@Suite("RateGauge")
struct RateGaugeTests {
    @Test func theLastMinuteSlides() {
        var gauge = RateGauge()
        var readings: [Int] = []
        for second in [0.0, 10, 59, 60, 61, 200] {
            readings.append(gauge.observe(agent: "a", server: "s", tool: "t", at: Fixture.at(second)).lastMinute)
        }
        #expect(readings == [1, 2, 3, 3, 4, 1])
    }

    @Test func theLastMinuteEqualsACountOfTheCallsInIt() {
        var gauge = RateGauge()
        var random = SplitMix(seed: 11)
        var times: [Int] = []
        var second = 0
        for _ in 0..<2_000 {
            second += Int(random.next() % 20)
            times.append(second)
            let reading = gauge.observe(agent: "a", server: "s", tool: "t", at: Fixture.at(Double(second)))
            #expect(reading.lastMinute == times.filter { $0 > second - 60 }.count, "seed 11")
        }
    }

    @Test func usualIsKnownAfterTwentyCallsAndCountsActiveTimeOnly() throws {
        var gauge = RateGauge()
        var reading = RateGauge.Reading(lastMinute: 0, usual: nil)
        for call in 0..<100 {
            // Two a minute, with a night of eight hours after every ten.
            let seconds = Double(call) * 30 + Double(call / 10) * 28_800
            reading = gauge.observe(agent: "a", server: "s", tool: "t", at: Fixture.at(seconds))
            if call == 19 { #expect(reading.usual == nil) }
        }
        let usual = try #require(reading.usual)
        #expect(usual > 1 && usual < 2)
    }

    @Test func aBurstAloneIsNotWhatIsUsual() {
        var gauge = RateGauge()
        var reading = RateGauge.Reading(lastMinute: 0, usual: nil)
        for call in 0..<600 {
            reading = gauge.observe(agent: "a", server: "s", tool: "t", at: Fixture.at(Double(call) / 10))
        }
        #expect(reading == RateGauge.Reading(lastMinute: 600, usual: nil))
    }

    @Test func inventedNamesDoNotGrowTheMemory() {
        var gauge = RateGauge()
        for call in 0..<9_000 {
            _ = gauge.observe(agent: "agent\(call)", server: "s", tool: "t", at: Fixture.at(Double(call)))
        }
        let reading = gauge.observe(agent: "agent8999", server: "s", tool: "t", at: Fixture.at(9_000))
        #expect(reading.lastMinute == 2)
    }

    @Test func theViewSaysHowManyTimesTheUsualRate() {
        var view = TailView(display: .pipe)
        for call in 0..<60 {
            view.learn(Fixture.entry(UInt64(call), Double(call) * 60, Fixture.decision(arguments: UInt64(call))))
        }
        for call in 60..<68 {
            view.show(
                Fixture.entry(UInt64(call), 3_600 + Double(call - 60) * 5, Fixture.decision(arguments: UInt64(call))))
        }
        #expect(Fixture.shown(&view).split(separator: "\n").last?.contains("8/min, 7.2×") == true)
    }
}
