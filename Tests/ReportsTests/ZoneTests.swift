import Events
import Testing
import Warehouse

@testable import Reports

@Suite("Time zones")
struct ZoneTests {
    private static let year = Period(
        from: SampleFleet.moment("2026-01-01T00:00:00Z"), to: SampleFleet.moment("2027-01-01T00:00:00Z"))

    private func zone(_ name: String) throws -> ReportZone { try ReportZone(name, covering: ZoneTests.year) }

    /// Instants of midnights, from the tz database as Python's `zoneinfo` reads it.
    @Test(arguments: [
        ("UTC", "2026-11-16", "2026-11-16T00:00:00Z"), ("Europe/Berlin", "2026-11-16", "2026-11-15T23:00:00Z"),
        ("Europe/Berlin", "2026-07-06", "2026-07-05T22:00:00Z"),
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z"),
        ("Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00Z"),
        ("Europe/Berlin", "2026-10-26", "2026-10-25T23:00:00Z"),
        ("Asia/Kolkata", "2026-11-16", "2026-11-15T18:30:00Z"),
        ("America/New_York", "2026-11-02", "2026-11-02T05:00:00Z"),
        ("America/New_York", "2026-11-01", "2026-11-01T04:00:00Z"),
        ("Asia/Kathmandu", "2026-11-16", "2026-11-15T18:15:00Z"),
        // Midnight is left out: the day begins at one.
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z"),
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z"),
    ])
    func aDayBeginsAtItsMidnight(name: String, day: String, instant: String) throws {
        let zone = try zone(name)
        let number = try #require(CivilDay(day)).date.daysSinceEpoch
        let start = SampleFleet.moment(instant)
        #expect(zone.start(ofDay: number) == start)
        #expect(zone.day(of: start) == number)
        #expect(zone.day(of: start.advanced(by: -1)) == number - 1)
    }

    @Test func weeksFollowEachOtherInEveryZone() throws {
        for name in ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Chatham"] {
            let zone = try zone(name)
            var week = try #require(ISOWeek("2026-W02"))
            while week.year == 2026, week.week < 52 {
                let period = week.period(in: zone)
                #expect(week.next.period(in: zone).from == period.to, "\(name) \(week)")
                #expect(ISOWeek(containing: period.from, in: zone) == week, "\(name) \(week)")
                #expect(ISOWeek(containing: period.to.advanced(by: -1), in: zone) == week, "\(name) \(week)")
                week = week.next
            }
        }
    }

    @Test func theWeekOfAChangeIsAnHourLongerOrShorter() throws {
        let zone = try zone("Europe/Berlin")
        let hour: Int64 = 3_600_000_000
        #expect(ISOWeek("2026-W13")?.period(in: zone).microseconds == 167 * hour)
        #expect(ISOWeek("2026-W43")?.period(in: zone).microseconds == 169 * hour)
    }

    @Test func anUnknownZoneIsRefusedWithTheNearest() throws {
        let error = #expect(throws: ReportError.self) { try zone("Europe/Berln") }
        #expect(error?.exitCode == 2)
        #expect(
            error?.description
                == "there is no time zone 'Europe/Berln'\nhint: tollgate report weekly --tz Europe/Berlin")
    }

    /// Every figure of days and hours against a recount on the local clock; a zone of whole hours and one of half hours.
    @Test(arguments: ["Europe/Berlin", "Asia/Kolkata", "America/New_York"])
    func aWeekInAZoneEqualsARecount(name: String) throws {
        let made = try Sample.made.get()
        var options = WeeklyOptions()
        options.timeZone = name
        options.week = Sample.week
        let report = try WeeklyReport.make(from: made.store, options: options)
        let zone = try zone(name)
        let offset: Int64 = name == "Europe/Berlin" ? 3_600 : name == "Asia/Kolkata" ? 19_800 : -18_000
        let from = SampleFleet.moment("2026-11-16T00:00:00Z").advanced(by: -offset * 1_000_000)
        #expect(report.period.from.timestamp == from)
        #expect(report.period.zone == zone || report.period.zone.name == name)
        let calls = Recount(made.records, from: from, to: report.period.to.timestamp).calls
        #expect(report.totals.counts.calls == calls.count)
        let monday = Int((from.microseconds / 1_000_000 + offset) / 3_600)
        var hours = [Int](repeating: 0, count: 168)
        for call in calls { hours[Int((call.at.microseconds / 1_000_000 + offset) / 3_600) - monday] += 1 }
        #expect(report.hours.calls == hours)
        #expect(
            report.days.map(\.counts.calls) == (0..<7).map { day in hours[day * 24..<day * 24 + 24].reduce(0, +) })
        #expect(report.agents.reduce(0) { $0 + $1.callsByDay.reduce(0, +) } == calls.count)
        #expect(report.totals.peakMinute?.calls == Recount.peak(calls))
        #expect(try report.rendered(as: .text).contains(", \(name)"))
    }
}
