import Testing

@testable import MCP

@Suite struct EventStreamFilterTests {
    private func feed(
        _ pieces: [[UInt8]], to filter: inout EventStreamFilter, into output: inout [UInt8],
        _ verdict: (EventStreamScanner.Event) -> EventStreamFilter.Verdict
    ) throws {
        for piece in pieces {
            try piece.withUnsafeBytes { try filter.feed($0, into: &output, verdict) }
        }
    }

    private func filter(
        _ pieces: [[UInt8]], _ verdict: (EventStreamScanner.Event) -> EventStreamFilter.Verdict
    ) throws -> (output: [UInt8], held: [UInt8]) {
        var filter = EventStreamFilter(maximumEventBytes: 1 << 20)
        var output: [UInt8] = []
        try feed(pieces, to: &filter, into: &output, verdict)
        return (output, filter.held)
    }

    private func rewritten(_ text: String, to new: String) throws -> String {
        let output = try filter([Array(text.utf8)]) { _ in .replaceData(Array(new.utf8)) }.output
        return String(decoding: output, as: UTF8.self)
    }

    @Test(arguments: Array(1...500) as [UInt64]) func whatPassesIsTheInput(seed: UInt64) throws {
        var random = NaiveEventStream.Generator(state: seed)
        let stream = NaiveEventStream.random(using: &random)
        let (output, held) = try filter(NaiveEventStream.cut(stream, using: &random)) { _ in .pass }
        #expect(output + held == stream, "seed \(seed)")
    }

    @Test(arguments: Array(1...500) as [UInt64]) func rewrittenEventsSayTheNewDataAndTheOldIds(seed: UInt64) throws {
        var random = NaiveEventStream.Generator(state: seed)
        let stream = NaiveEventStream.random(using: &random)
        let old = NaiveEventStream(stream).events
        var count = 0
        let (output, _) = try filter(NaiveEventStream.cut(stream, using: &random)) { event in
            count += 1
            return count % 2 == 0 ? .pass : .replaceData(Array("new\n\(count)".utf8))
        }
        let new = NaiveEventStream(output).events
        #expect(new.count == old.count, "seed \(seed)")
        for (index, (old, new)) in zip(old, new).enumerated() {
            var expected = old
            if index % 2 == 0, old.data != nil { expected.data = Array("new\n\(index + 1)".utf8) }
            #expect(new == expected, "seed \(seed)")
        }
    }

    @Test(arguments: Array(1...500) as [UInt64]) func ofDroppedEventsNothingIsSaid(seed: UInt64) throws {
        var random = NaiveEventStream.Generator(state: seed)
        let stream = NaiveEventStream.random(using: &random)
        var count = 0
        let (output, _) = try filter(NaiveEventStream.cut(stream, using: &random)) { _ in
            count += 1
            return count % 2 == 0 ? .pass : .drop
        }
        let kept = NaiveEventStream(stream).events.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        // A LF that was cut from its CR may stay behind: a blank line, which says nothing.
        let said = NaiveEventStream(output).events.filter { $0 != .init() }
        #expect(said == kept.filter { $0 != .init() }, "seed \(seed)")
    }

    @Test func onlyDataLinesChange() throws {
        #expect(
            try rewritten(": c\r\nid: 7\r\ndata: a\r\ndata: b\r\nretry: 5\r\nevent: message\r\n\r\n", to: "x")
                == ": c\r\nid: 7\r\ndata: x\r\nretry: 5\r\nevent: message\r\n\r\n")
        #expect(
            try rewritten("data:a\n\n: b\n\ndata\n\n", to: "1\n2\r\n3\r4")
                == "data: 1\ndata: 2\ndata: 3\ndata: 4\n\n: b\n\ndata: 1\ndata: 2\ndata: 3\ndata: 4\n\n")
        #expect(try rewritten("\u{FEFF}data: a\n\ndatax: 1\n\n", to: "") == "\u{FEFF}data: \n\ndatax: 1\n\n")
    }

    @Test func aSecondMarkDoesNotBecomeTheFirst() throws {
        for start in ["", "\u{FEFF}"] {
            let output = try filter([Array("\(start)data: a\n\n\u{FEFF}data: b\n\n".utf8)]) { event in
                event.range.lowerBound == 0 ? .drop : .pass
            }.output
            #expect(NaiveEventStream(output).events.allSatisfy { $0.data == nil })
        }
    }

    @Test func aLineThatGoesJoinsNoLineBreaks() throws {
        #expect(try rewritten("data: 1\rdata: 2\n\ndata: 3\n\n", to: "x") == "data: x\r\r\n" + "data: x\n\n")
    }

    @Test func anEventLargerThanTheBoundEndsTheStream() throws {
        let text = Array("data: 1\n\ndata: 1234567\n\ndata: 1\n\n".utf8)
        for pieces in [[text], text.map { [$0] }] {
            var filter = EventStreamFilter(maximumEventBytes: 10)
            var output: [UInt8] = []
            #expect(throws: EventTooLarge.self) { try feed(pieces, to: &filter, into: &output) { _ in .pass } }
            #expect(output == Array("data: 1\n\n".utf8))
            #expect(filter.hasFailed && filter.held.isEmpty)
        }
    }
}
