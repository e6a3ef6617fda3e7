import MCP

/// Reads a stream, passes it and rewrites it; the input is eight bytes from which the cuts are made, and the stream.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEvents(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = input(start, count)
    guard count >= 8 else { return 0 }
    var random = NaiveEventStream.Generator(state: bytes.loadUnaligned(as: UInt64.self))
    let stream = Array(bytes[8...])
    let pieces = NaiveEventStream.cut(stream, using: &random)
    let expected = NaiveEventStream(stream)

    var scanner = EventStreamScanner(maximumDataBytes: 1 << 20)
    var found: [NaiveEventStream.Event] = []
    var end = 0
    for piece in pieces {
        piece.withUnsafeBytes { piece in
            scanner.feed(piece) { event in
                require(event.range.lowerBound == end && !event.range.isEmpty, "events follow each other")
                end = event.range.upperBound
                found.append(NaiveEventStream.Event(event))
            }
        }
    }
    // Ids and types beyond the bound are not kept; everything else is.
    let bounded = expected.events.map { $0.bounded() }
    require(found == bounded, "the events are those of the standard")
    require(scanner.count == stream.count && scanner.endOfLastEvent == end, "every byte was counted")

    var (index, output) = (0, [UInt8]())
    require(filter(pieces, &output) { _ in .pass } + output.count == stream.count, "what passes is as long")
    require(stream.starts(with: output), "what passes is the input")
    output = []
    _ = filter(pieces, &output) { _ in
        index += 1
        return index % 2 == 0 ? .pass : .replaceData([0x6E, 0x0A, 0x77])
    }
    let rewritten = NaiveEventStream(output).events
    require(rewritten.count == expected.events.count, "a rewritten stream has as many events")
    for (place, (old, new)) in zip(expected.events, rewritten).enumerated() {
        var wanted = old
        if place % 2 == 0, old.data != nil { wanted.data = [0x6E, 0x0A, 0x77] }
        require(new == wanted, "a rewritten event says the new data and the old id")
    }
    return 0
}

/// - Returns: how many bytes are still held.
private func filter(
    _ pieces: [[UInt8]], _ output: inout [UInt8],
    _ verdict: (EventStreamScanner.Event) -> EventStreamFilter.Verdict
) -> Int {
    var filter = EventStreamFilter(maximumEventBytes: 1 << 20)
    for piece in pieces {
        piece.withUnsafeBytes { piece in
            do { try filter.feed(piece, into: &output, verdict) } catch { require(false, "nothing is too large") }
        }
    }
    return filter.held.count
}

extension NaiveEventStream.Event {
    fileprivate init(_ event: EventStreamScanner.Event) {
        self.init(data: nil, id: event.id.map { Array($0) }, type: event.type.map { Array($0) })
        if case .bytes(let bytes) = event.data { data = Array(bytes) }
    }

    fileprivate func bounded() -> Self {
        func short(_ text: [UInt8]?) -> [UInt8]? {
            guard let text, text.count <= EventStreamScanner.maximumFieldBytes else { return nil }
            return text
        }
        return Self(data: data, id: short(id), type: short(type))
    }
}
