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
        try view.showPast(&merger, to: output, last: last)
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
