import Events
import Testing
import Warehouse

@testable import Reports

@Suite("Numbers")
struct NumbersTests {
    /// Vectors from Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3.
    @Test(arguments: [
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718),
    ])
    func wilsonsInterval(part: Int, whole: Int, low: Double, high: Double) throws {
        let interval = try #require(ShareInterval(part, of: whole))
        #expect((interval.low * 1e4).rounded() / 1e4 == low)
        #expect((interval.high * 1e4).rounded() / 1e4 == high)
        #expect(ShareInterval(0, of: 0) == nil)
    }

    @Test func noPercentageOnASmallBase() {
        #expect(Change(now: 40, before: 19).words == "last week 19")
        #expect(Change(now: 40, before: 20).words == "+100 % on last week (20)")
        #expect(Change(now: 40, before: nil).words == "no earlier week")
        #expect(Change(now: 900, before: 1_000).short == "−10 %")
        #expect(Change(now: 1_001, before: 1_000).short == "±0 %")
        #expect(Change(now: 5, before: 9).short == "−4")
        #expect(Change(now: 9, before: 0).short == "+9")
    }

    @Test func medians() {
        #expect(ReportNumber.median([]) == nil)
        #expect(ReportNumber.median([9, 1, 5]) == 5)
        #expect(ReportNumber.median([9, 1, 5, 6]) == 5)
    }

    @Test func axesEndAtRoundNumbers() {
        #expect(Scale(maximum: 937).ticks == [0, 500, 1_000])
        #expect(Scale(maximum: 7).ticks == [0, 2, 4, 6, 8])
        #expect(Scale(maximum: 0).ticks == [0, 1])
        #expect(Scale(maximum: 20, most: 2).ticks == [0, 10, 20])
        for maximum in 1...5_000 {
            let scale = Scale(maximum: Double(maximum))
            #expect(scale.top >= Double(maximum) && scale.ticks.count <= 5)
        }
        #expect([999, 25_000, 12_000_000].map { Scale.label($0) } == ["999", "25k", "12M"])
    }

    @Test func incidentsAreDrawnInAtMostNinetyRoundSteps() {
        for seconds in [1, 59, 360, 5_000, 90_000, 600_000] as [Int64] {
            let from = SampleFleet.moment("2026-11-17T14:02:11.5Z")
            let plan = TimelinePlan(Period(from: from, to: from.advanced(by: seconds * 1_000_000)))
            let steps = plan.period.microseconds / Int64(plan.stepSeconds) / 1_000_000
            #expect(steps <= 92)
            #expect(plan.period.from < from && plan.period.to > from.advanced(by: seconds * 1_000_000))
            #expect(plan.period.from.microseconds % (Int64(plan.stepSeconds) * 1_000_000) == 0)
        }
    }

    @Test func numbersStayWithTheirUnits() {
        #expect(
            Typography.bound("in 12 min 50 s, 3.8 % of 7 calls")
                == "in 12\u{A0}min\u{A0}50\u{A0}s, 3.8\u{A0}% of 7 calls")
        #expect(Typography.bound("began at 9 sharp") == "began at 9 sharp")
        #expect(Typography.bound(" (2,812) ") == " (2,812) ")
    }
}
