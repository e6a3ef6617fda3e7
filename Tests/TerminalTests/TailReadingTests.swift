import Events
import Foundation
import Testing

@testable import Terminal

@Suite("Reading a tail")
struct TailReadingTests {
    private func text(_ options: TailView.Options, last: Int? = nil) throws -> String {
        var lines: [[UInt8]] = []
        for call in 0..<30 as Range<UInt64> {
            lines.append(Fixture.line(call * 2, Double(call) * 2, Fixture.decision(arguments: call)))
            lines.append(
                Fixture.line(call * 2 + 1, Double(call) * 2 + 1, Fixture.outcome(of: call * 2, microseconds: 84_000)))
        }
        var merger = TailMerger([Fixture.source("a", [lines])])
        let pipe = Pipe()
        let output = Output(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        var view = TailView(display: .pipe, options: options)
        #expect(try view.showPast(&merger, to: output, last: last))
        try pipe.fileHandleForWriting.close()
        return String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    }

    @Test func pastCallsCarryTheirDurationOnTheirOwnLine() throws {
        let lines = try text(.init()).split(separator: "\n")
        #expect(lines.count == 30)
        #expect(lines.allSatisfy { $0.contains("84 ms") })
    }

    @Test func theLastLinesAreTheLast() throws {
        let lines = try text(.init(), last: 3).split(separator: "\n")
        #expect(
            lines.map { $0.prefix(20) } == ["2026-11-16T14:02:54Z", "2026-11-16T14:02:56Z", "2026-11-16T14:02:58Z"])
    }

    @Test func fewerLinesThanAskedForAreNotShownUntilTheLogIsReadFromItsBeginning() throws {
        for (isWhole, isFollowed, shown) in [(false, false, false), (true, false, true), (false, true, true)] {
            let lines = (0..<UInt64(isFollowed ? 9 : 3)).map {
                Fixture.line($0, Double($0), Fixture.decision(arguments: $0))
            }
            var merger = TailMerger([Fixture.source("a", [lines])])
            let pipe = Pipe()
            let output = Output(descriptor: pipe.fileHandleForWriting.fileDescriptor)
            var view = TailView(display: .pipe)
            var told: [Int?] = []
            let done = try view.showPast(&merger, to: output, last: 5, isWhole: isWhole) { told.append($0) }
            try pipe.fileHandleForWriting.close()
            #expect(done == shown)
            #expect(try (pipe.fileHandleForReading.readToEnd() ?? Data()).isEmpty != shown)
            #expect(told == [nil])
        }
    }

    @Test func readingStopsAtUntil() throws {
        var options = TailView.Options()
        options.filter.until = Fixture.at(10)
        #expect(try text(options).split(separator: "\n").count == 5)
    }

    @Test func jsonKeepsOutcomesAsTheirOwnLines() throws {
        var options = TailView.Options()
        options.json = true
        #expect(try text(options).split(separator: "\n").count == 60)
    }
}
