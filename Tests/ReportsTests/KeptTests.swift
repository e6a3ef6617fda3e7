import Events
import Foundation
import Testing

@testable import Reports
@testable import Warehouse

/// Reports of a time whose rows were deleted say so, and their sums stay what they were.
@Suite("What was deleted is told")
struct KeptTests {
    private let period = Period(
        from: SampleFleet.moment("2026-11-16T00:00:00Z"), to: SampleFleet.moment("2026-11-23T00:00:00Z"))

    private func reports(_ store: WarehouseStore) throws -> [any Report] {
        [
            try WeeklyReport.make(from: store, options: Sample.options), try RatesReport.make(from: store, in: period),
            try DenialsReport.make(from: store, in: period), try AlertsReport.make(from: store, in: period),
        ]
    }

    @Test func everyReportInEveryFormSaysThatCallsWereDeleted() throws {
        let (store, file) = try SampleFleet.store()
        let before = try WeeklyReport.make(from: store, options: Sample.options)
        #expect(try reports(store).allSatisfy { $0.caveat == nil })
        let run = try store.loader().retention(
            KeepRule.read("calls=2d,requests=2d").get(), now: SampleFleet.moment("2026-11-23T00:00:00Z"))
        while try run.step() {}
        #expect(run.deleted[.calls] ?? 0 > 0)
        let told = "calls before Sat 21 Nov"
        for report in try reports(store) {
            for format in [ReportFormat.text, .markdown] {
                let text = try report.rendered(as: format).replacing("\n", with: " ")
                #expect(text.contains(told), "\(type(of: report)) \(format)")
            }
            #expect(try report.json().contains("\"before\" : \"2026-11-21T00:00:00"), "\(type(of: report))")
            #expect(report.caveat?.contains(told) == true)
        }
        #expect(try WeeklyReport.make(from: store, options: Sample.options).rendered(as: .html).contains(told))
        let after = try WeeklyReport.make(from: store, options: Sample.options)
        #expect(after.days == before.days)
        #expect(after.totals.counts == before.totals.counts)
        #expect(after.totals.peakMinute == before.totals.peakMinute)
        #expect(after.agents.map(\.counts) == before.agents.map(\.counts))
        // What needs rows is not reported as nothing.
        #expect(!before.incidents.isEmpty || !before.nearMisses.isEmpty)
        let text = try after.rendered(as: .text)
        #expect(text.contains("Not known before") || (!after.incidents.isEmpty && !after.nearMisses.isEmpty))
        // A time that is kept whole says nothing of it.
        let kept = Period(from: SampleFleet.moment("2026-11-21T00:00:00Z"), to: period.to)
        #expect(try RatesReport.make(from: store, in: kept).caveat == nil)
        withExtendedLifetime(file) {}
    }

    @Test func everyReportInEveryFormCountsRejectsAndUnknownFields() throws {
        let (store, file) = try SampleFleet.store()
        let loader = try store.loader()
        let log = try #require(try store.coverage().logs.first)
        try loader.begin()
        let cursor = try loader.open(
            LogKey(origin: log.origin, epoch: log.epoch, name: log.name, kind: log.kind))
        let beat =
            #"{"v":1,"seq":\#(cursor.nextSeq + 1),"ts":"2026-11-22T23:59:59.000000Z","kind":"control","event":"heartbeat","x":1}"#
        // The log's last line is poison: no hour holds it, and it counts all the same.
        for (index, line) in ["poison", beat, "poison"].enumerated() {
            try Array(line.utf8).withUnsafeBytes { bytes in
                try loader.load(bytes, seq: cursor.nextSeq + UInt64(index), at: LinePlace(segment: "s", member: 0))
            }
        }
        try loader.finish(leaf: nil)
        try loader.commit()
        for report in try reports(store) {
            for format in [ReportFormat.text, .markdown] {
                let text = try report.rendered(as: format).replacing("\n", with: " ")
                #expect(text.contains("2 could not be read"), "\(type(of: report)) \(format)")
            }
            #expect(try report.json().contains("\"rejected\" : 2"), "\(type(of: report))")
            #expect(report.caveat?.contains("2 could not be read") == true)
        }
        #expect(
            try WeeklyReport.make(from: store, options: Sample.options).rendered(as: .html).contains(
                "2 could not be read"))
        withExtendedLifetime(file) {}
    }
}
