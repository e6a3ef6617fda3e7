/// Finds the events in a body of `text/event-stream`, whatever pieces it comes in.
///
/// Follows the HTML standard, §9.2.6: lines end with LF, CR or CRLF, the stream may begin with a byte order mark, a
/// blank line ends an event, several `data` lines are joined by line feeds. It only looks: the bytes are the caller's
/// to pass on, at once and unchanged. To hold events back until they are complete, see ``EventStreamFilter``.
///
/// Everything between two blank lines is reported as an event, also what a client would not dispatch: comments, and
/// events without data. What follows the last blank line is no event.
public struct EventStreamScanner: Sendable {
    /// One event.
    ///
    /// Its pointers are valid during the call that hands it over.
    public struct Event {
        /// What the event's `data` lines say.
        public enum Data {
            /// There is no such line: clients do not dispatch the event.
            case absent
            /// The bytes, lines joined by line feeds; of any encoding.
            case bytes(UnsafeRawBufferPointer)
            /// More than the scanner's bound; none of it was kept.
            case tooLarge
        }

        /// The event's bytes, counted from the stream's first: from the end of the event before to behind the blank
        /// line.
        ///
        /// Where a CRLF is cut in two by the end of a piece, its LF counts to the next event, so that no event waits
        /// for it.
        public let range: Range<Int>
        /// What the `data` lines say.
        public let data: Data
        /// What the last `id` line says; nil where there is none, or it contains U+0000 (clients ignore it then), or
        /// is longer than ``EventStreamScanner/maximumFieldBytes``.
        public let id: UnsafeRawBufferPointer?
        /// What the last `event` line says; nil where there is none, or it is longer than
        /// ``EventStreamScanner/maximumFieldBytes``.
        public let type: UnsafeRawBufferPointer?
    }

    /// The most bytes of an event's id or type that are kept: 1024.
    public static let maximumFieldBytes = 1024

    /// The place behind the last event's blank line, in bytes from the stream's first.
    public private(set) var endOfLastEvent = 0
    /// How many bytes have been fed.
    public private(set) var count = 0
    private var line = EventStreamLine()
    private var start = EventStreamStart()
    private var fields: EventStreamFields
    /// Whether the last piece ended with a CR, which a LF may complete.
    private var awaitsLineFeed = false

    /// Makes a scanner for one stream.
    ///
    /// - Parameter maximumDataBytes: the most bytes of one event's data that are kept and handed over.
    public init(maximumDataBytes: Int) {
        fields = EventStreamFields(maximumDataBytes: maximumDataBytes)
    }

    /// Reads the next piece of the stream.
    ///
    /// - Parameter event: called at the end of each event that ends in this piece, in order.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer, _ event: (Event) -> Void) {
        let base = count
        count += bytes.count
        var at = start.skipMark(in: bytes) { mark in
            // What looked like a byte order mark is text: it belongs to a field that no one knows.
            line.take(mark.indices, of: mark, fields: &fields)
        }
        while at < bytes.count {
            if awaitsLineFeed {
                awaitsLineFeed = false
                if bytes[at] == UInt8(ascii: "\n") {
                    at &+= 1
                    continue
                }
            }
            let end = firstLineBreak(in: bytes, from: at)
            line.take(at..<end, of: bytes, fields: &fields)
            guard end < bytes.count else { break }
            at = end &+ 1
            if bytes[end] == UInt8(ascii: "\r") {
                if at == bytes.count {
                    awaitsLineFeed = true
                } else if bytes[at] == UInt8(ascii: "\n") {
                    at &+= 1
                }
            }
            guard line.finish(in: bytes, fields: &fields) else { continue }
            let range = endOfLastEvent..<(base + at)
            endOfLastEvent = range.upperBound
            fields.report(range, in: bytes, event)
        }
        fields.keepRun(of: bytes)
    }
}
