import Testing

@testable import MCP

@Suite struct EventStreamScannerTests {
    private struct Found {
        var events: [NaiveEventStream.Event] = []
        var ranges: [Range<Int>] = []
        var tooLarge = 0
    }

    private func scan(_ pieces: [[UInt8]], maximumDataBytes: Int = 1 << 20) -> (found: Found, EventStreamScanner) {
        var scanner = EventStreamScanner(maximumDataBytes: maximumDataBytes)
        var found = Found()
        for piece in pieces {
            piece.withUnsafeBytes { bytes in
                scanner.feed(bytes) { event in
                    var data: [UInt8]?
                    switch event.data {
                    case .absent: break
                    case .bytes(let bytes): data = Array(bytes)
                    case .tooLarge: found.tooLarge += 1
                    }
                    found.events.append(
                        .init(data: data, id: event.id.map { Array($0) }, type: event.type.map { Array($0) }))
                    found.ranges.append(event.range)
                }
            }
        }
        return (found, scanner)
    }

    private func data(_ text: String) -> [String?] {
        scan([Array(text.utf8)]).found.events.map { $0.data.map { String(decoding: $0, as: UTF8.self) } }
    }

    @Test(arguments: Array(1...1500) as [UInt64]) func eventsAreThoseOfTheStandardHoweverCut(seed: UInt64) {
        var random = NaiveEventStream.Generator(state: seed)
        let stream = NaiveEventStream.random(using: &random)
        let expected = NaiveEventStream(stream)
        let (found, scanner) = scan(NaiveEventStream.cut(stream, using: &random))
        #expect(found.events == expected.events, "seed \(seed)")
        // Ranges follow each other without gaps, so what passes by them is the stream.
        var at = 0
        for range in found.ranges {
            #expect(range.lowerBound == at && !range.isEmpty, "seed \(seed)")
            at = range.upperBound
        }
        #expect(at == scanner.endOfLastEvent && scanner.count == stream.count, "seed \(seed)")
        let late = scanner.count - scanner.endOfLastEvent - expected.rest
        #expect(late == 0 || (late == 1 && stream[scanner.endOfLastEvent] == 10), "seed \(seed)")
    }

    @Test func linesEndInThreeWays() {
        #expect(data("data: a\n\ndata: b\r\rdata: c\r\n\r\n") == ["a", "b", "c"])
        #expect(data("data: a\r\ndata: b\n\r") == ["a\nb"])
    }

    @Test func onlyOneSpaceGoes() {
        #expect(data("data:a\ndata: b\ndata:  c\n\n") == ["a\nb\n c"])
    }

    @Test func aFieldNeedsNoColon() {
        #expect(data("data\n\n") == [""])
        #expect(data("data\ndata\n\n") == ["\n"])
        #expect(data("data:\ndata: x\n\n") == ["\nx"])
    }

    @Test func commentsAndIdsAloneAreNoMessages() {
        #expect(data(": ping\n\nid: 1\n\n\n") == [nil, nil, nil])
    }

    @Test func anIncompleteEventIsNone() {
        #expect(data("data: a\n").isEmpty)
        #expect(data("data: a\n\ndata: b") == ["a"])
    }

    @Test func theMarkCountsOnlyInTheBeginning() {
        #expect(data("\u{FEFF}data: a\n\n\u{FEFF}data: b\n\n") == ["a", nil])
        #expect(data("\u{FEFF}\u{FEFF}data: a\n\n") == [nil])
    }

    @Test func dataBeyondTheBoundIsNotKept() throws {
        let text = "data: 12345\n\ndata: 123456\nid: 9\n\ndata: 12\ndata: 34\n\ndata: 12\ndata: 345\n\ndata: 1\n\n"
        for size in [1, 3, 1000] {
            let bytes = Array(text.utf8)
            let pieces = stride(from: 0, to: bytes.count, by: size).map {
                Array(bytes[$0..<min($0 + size, bytes.count)])
            }
            let found = scan(pieces, maximumDataBytes: 5).found
            let expected = ["12345", nil, "12\n34", nil, "1"].map { (text: String?) in text.map { Array($0.utf8) } }
            #expect(found.events.map(\.data) == expected)
            #expect(found.tooLarge == 2)
            #expect(found.events[1].id == [0x39])
        }
    }

    @Test func longIdsAreNotKept() {
        let long = String(repeating: "i", count: EventStreamScanner.maximumFieldBytes)
        let events = scan([Array("id: \(long)\n\nid: \(long)i\n\n".utf8)]).found.events
        #expect(events[0].id?.count == EventStreamScanner.maximumFieldBytes)
        #expect(events[1].id == nil)
    }
}
