import Events
import Testing
import Warehouse

@testable import Dashboard

/// What a page is about begins and ends with whole hours or days, and holds the newest record.
@Suite struct SpanTests {
    private static func period(_ span: Span, _ newest: String) throws -> [String] {
        let period = span.period(upTo: try #require(Timestamp(text: newest)))
        return [period.from, period.to].map { String($0.description.prefix(19)) }
    }

    @Test func endsWithTheNewestRecordsHourOrDay() throws {
        let newest = "2026-11-23T10:20:30.5Z"
        #expect(try Self.period(.hour, newest) == ["2026-11-23T09:00:00", "2026-11-23T11:00:00"])
        #expect(try Self.period(.day, newest) == ["2026-11-22T10:00:00", "2026-11-23T11:00:00"])
        #expect(try Self.period(.week, newest) == ["2026-11-16T00:00:00", "2026-11-24T00:00:00"])
        #expect(try Self.period(.month, newest) == ["2026-10-26T00:00:00", "2026-11-24T00:00:00"])
    }

    @Test func aRecordAtAnEdgeIsInIt() throws {
        let edge = "2026-11-23T00:00:00Z"
        #expect(try Self.period(.hour, edge) == ["2026-11-22T23:00:00", "2026-11-23T01:00:00"])
        #expect(try Self.period(.week, edge) == ["2026-11-16T00:00:00", "2026-11-24T00:00:00"])
    }

    @Test func holdsTheWholeTimeAndAtMostTwoUnitsMore() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("SpanTests: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let newest = Timestamp(
                microseconds: .random(in: -9_000_000_000_000_000...250_000_000_000_000_000, using: &random))
            for span in Span.allCases {
                let hours: [Span: Int64] = [.hour: 1, .day: 24, .week: 168, .month: 672]
                let unit: Int64 = (span == .hour || span == .day ? 1 : 24) * 3_600_000_000
                let long = (hours[span] ?? 0) * 3_600_000_000
                let period = span.period(upTo: newest)
                #expect(period.from.microseconds % unit == 0 && period.to.microseconds % unit == 0, "\(newest)")
                #expect(period.from <= newest.advanced(by: -long) && newest < period.to, "\(newest)")
                #expect(period.to.since(period.from) <= long + 2 * unit, "\(newest)")
            }
        }
    }

    @Test func saysSinceWhen() throws {
        let newest = try #require(Timestamp(text: "2026-11-23T10:20:30Z"))
        #expect(Span.day.words(Span.day.period(upTo: newest)) == "24 hours, since 2026-11-22 10:00.")
        #expect(Span.hour.words(Span.hour.period(upTo: newest)) == "1 hour, since 2026-11-23 09:00.")
    }
}
