import Events
import Testing
import Warehouse

@testable import Reports

@Suite("ISOWeek")
struct ISOWeekTests {
    /// From ISO 8601's own rule and Python's `date.isocalendar`.
    @Test(arguments: [
        ("1970-01-01", "1970-W01"), ("1969-12-28", "1969-W52"), ("2004-12-31", "2004-W53"), ("2005-01-01", "2004-W53"),
        ("2005-01-02", "2004-W53"), ("2005-01-03", "2005-W01"), ("2007-12-31", "2008-W01"), ("2008-12-28", "2008-W52"),
        ("2008-12-29", "2009-W01"), ("2009-12-31", "2009-W53"), ("2010-01-03", "2009-W53"), ("2010-01-04", "2010-W01"),
        ("2020-12-31", "2020-W53"), ("2021-01-03", "2020-W53"), ("2021-01-04", "2021-W01"), ("2024-02-29", "2024-W09"),
        ("2026-11-16", "2026-W47"), ("2026-11-22", "2026-W47"), ("2026-12-31", "2026-W53"), ("2027-01-03", "2026-W53"),
    ])
    func daysBelongToTheirWeek(day: String, week: String) throws {
        let moment = try #require(Timestamp(text: day + "T00:00:00Z"))
        #expect(ISOWeek(containing: moment).description == week)
        #expect(ISOWeek(containing: moment.advanced(by: 86_399_999_999)).description == week)
        #expect(ISOWeek(week)?.period(in: .utc).contains(moment) == true)
    }

    @Test func weeksFollowEachOtherWithoutAGapForACentury() throws {
        var week = try #require(ISOWeek("1960-W01"))
        for _ in 0..<5_300 {
            let next = week.next
            #expect(next.period(in: .utc).from == week.period(in: .utc).to)
            #expect(next.previous == week)
            #expect(week < next)
            #expect(ISOWeek(week.description) == week)
            #expect(ISOWeek(containing: week.period(in: .utc).to.advanced(by: -1)) == week)
            week = next
        }
    }

    @Test func onlyWeeksThatExistAreRead() {
        for wrong in [
            "", "2026", "2026-47", "2026-W7", "2026-W00", "2026-W54", "2025-W53", "26-W47", "2026-W47 ", "2026-w47",
            "+026-W47",
        ] {
            #expect(ISOWeek(wrong) == nil, "\(wrong)")
        }
        #expect(ISOWeek("2026-W53") != nil)
    }
}
