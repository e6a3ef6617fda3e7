import Testing

@testable import Warehouse

@Suite struct KeepRuleTests {
    private func mistakes(_ text: String) -> [String] {
        if case .failure(let mistakes) = KeepRule.read(text) { mistakes.texts } else { [] }
    }

    @Test func agesAreReadByName() throws {
        let rule = try KeepRule.read("calls=90d,requests=30d,hours=400d").get()
        #expect(rule.days == [.calls: 90, .requests: 30, .hours: 400])
        #expect(try KeepRule.read("calls=36600d").get().days == [.calls: 36_600])
        #expect(try KeepRule.read("events=1d,rejects=1d,alerts=1d").get().days.count == 3)
    }

    @Test func everyMistakeIsToldAtOnce() {
        #expect(
            mistakes("calls=90,cals=3d,requests=0d,calls=1d,calls=2d") == [
                "'calls=90' is no name and age such as calls=90d", "calls is given twice",
                "cals is none of calls, requests, events, alerts, rejects, hours, days", "requests: from 1d to 36600d",
            ])
        for text in [
            "", "calls", "calls=", "calls=d", "calls=-1d", "calls=1h", "=1d", "calls=1d,",
            "calls=99999999999999999999d",
        ] {
            #expect(!mistakes(text).isEmpty, "\(text)")
        }
        #expect(mistakes("calls=36601d") == ["calls: from 1d to 36600d"])
    }

    @Test func sumsOutliveWhatTheySum() {
        #expect(
            mistakes("calls=90d,requests=90d,hours=30d") == [
                "hours=30d: sums must be kept as long as calls, which are kept 90d",
                "hours=30d: sums must be kept as long as requests, which are kept 90d",
            ])
        #expect(
            mistakes("days=30d") == ["days=30d: sums must be kept as long as hours, which are kept for ever"])
        #expect(mistakes("calls=30d,requests=30d,hours=30d,days=30d").isEmpty)
    }
}
