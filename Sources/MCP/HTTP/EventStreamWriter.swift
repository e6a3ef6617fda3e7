/// Writes events of a `text/event-stream`.
public enum EventStreamWriter {
    /// Appends an event with other data; all lines but the `data` lines stay byte for byte, and where they are.
    ///
    /// The new data takes the first `data` line's place, and its line ending. An event without one stays as it is.
    ///
    /// - Parameters:
    ///   - event: the whole event, up to and with its blank line.
    ///   - data: the new data. A line break of any kind in it begins a further `data` line; clients put a line feed
    ///     there. (In JSON it can only be white space.)
    ///   - isFirst: whether the event begins its stream, where a byte order mark may stand before it.
    public static func append(
        _ event: UnsafeRawBufferPointer, withData data: UnsafeRawBufferPointer, isFirst: Bool = false,
        to buffer: inout [UInt8]
    ) {
        var at = 0
        if isFirst, EventStreamStart.mark.withUTF8Buffer({ event.starts(with: $0) }) {
            at = EventStreamStart.mark.utf8CodeUnitCount
            buffer.append(contentsOf: event[..<at])
        }
        var isWritten = false
        var hasSkipped = false
        while at < event.count {
            let end = firstLineBreak(in: event, from: at)
            let next = EventStreamWriter.end(ofBreakAt: end, in: event)
            let isData = isData(event[at..<end])
            if !isData {
                // Without the line between them, a CR and a LF would be one line break.
                let joins = hasSkipped && buffer.last == UInt8(ascii: "\r") && event[at] == UInt8(ascii: "\n")
                if joins { buffer.append(UInt8(ascii: "\r")) }
                buffer.append(contentsOf: event[at..<next])
            } else if !isWritten {
                append(data, lineBreak: event[end..<next], to: &buffer)
            }
            hasSkipped = isData && isWritten
            isWritten = isWritten || isData
            at = next
        }
    }

    /// Appends what has to stay of a stream's first event when it goes: the byte order mark, and a blank line, so that
    /// a second mark, which means nothing, does not become the first.
    static func appendRest(ofFirst event: UnsafeRawBufferPointer, to buffer: inout [UInt8]) {
        EventStreamStart.mark.withUTF8Buffer { mark in
            if event.starts(with: mark) { buffer.append(contentsOf: mark) }
        }
        buffer.append(contentsOf: event.suffix(1))
    }

    private static func append(
        _ data: UnsafeRawBufferPointer, lineBreak: Slice<UnsafeRawBufferPointer>, to buffer: inout [UInt8]
    ) {
        var at = 0
        repeat {
            let end = firstLineBreak(in: data, from: at)
            buffer.append(literal: "data: ")
            buffer.append(contentsOf: data[at..<end])
            buffer.append(contentsOf: lineBreak)
            guard end < data.count else { return }
            at = EventStreamWriter.end(ofBreakAt: end, in: data)
        } while true
    }

    /// The place behind a line break, of one character or two.
    private static func end(ofBreakAt at: Int, in text: UnsafeRawBufferPointer) -> Int {
        guard at < text.count else { return at }
        let isPair = text[at] == UInt8(ascii: "\r") && at + 1 < text.count && text[at + 1] == UInt8(ascii: "\n")
        return isPair ? at + 2 : at + 1
    }

    private static func isData(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard line.starts(with: "data".utf8) else { return false }
        return line.count == 4 || line[line.startIndex + 4] == UInt8(ascii: ":")
    }
}
