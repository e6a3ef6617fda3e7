/// Holds the events of a `text/event-stream` until each is complete, so that it can be passed, dropped or rewritten.
///
/// What passes is passed byte for byte. For streams that carry what not everyone may see, such as lists of tools: of an
/// event that has not been judged, no byte leaves.
public struct EventStreamFilter: Sendable {
    /// What becomes of an event.
    public enum Verdict {
        /// It passes, byte for byte.
        case pass
        /// None of it passes; a stream's first leaves its blank line behind.
        case drop
        /// It passes with other data; see ``EventStreamWriter/append(_:withData:isFirst:to:)``.
        case replaceData([UInt8])
    }

    /// The bytes of the event that is not complete, from earlier pieces.
    ///
    /// When the stream ends here, clients that follow the standard drop them, others may take them for an event.
    public private(set) var held: [UInt8] = []
    /// Whether an event was too large to be held; nothing passes from there on.
    public private(set) var hasFailed = false
    private var scanner: EventStreamScanner
    private let maximumHeldBytes: Int

    /// Makes a filter for one stream.
    ///
    /// - Parameter maximumEventBytes: the most bytes of one event, all its lines counted.
    public init(maximumEventBytes: Int) {
        maximumHeldBytes = maximumEventBytes
        scanner = EventStreamScanner(maximumDataBytes: maximumEventBytes)
    }

    /// Reads the next piece of the stream.
    ///
    /// - Parameters:
    ///   - output: gets what passes appended.
    ///   - verdict: decides about each event, in order.
    /// - Throws: ``EventTooLarge`` when an event is larger than the bound. What came before it is in `output`; the
    ///   stream has to end here, as nothing behind it can be told apart any more.
    public mutating func feed(
        _ bytes: UnsafeRawBufferPointer, into output: inout [UInt8],
        _ verdict: (EventStreamScanner.Event) -> Verdict
    ) throws(EventTooLarge) {
        guard !hasFailed else { throw EventTooLarge() }
        let base = scanner.count
        let maximum = maximumHeldBytes
        var hasFailed = false
        var held = held
        self.held = []
        scanner.feed(bytes) { event in
            hasFailed = hasFailed || event.range.count > maximum
            guard !hasFailed else { return }
            let verdict = verdict(event)
            // An event begins in this piece, or with everything that is held.
            let rest = bytes[max(0, event.range.lowerBound - base)..<(event.range.upperBound - base)]
            func pass(_ whole: UnsafeRawBufferPointer) {
                verdict.apply(to: whole, isFirst: event.range.lowerBound == 0, output: &output)
            }
            if held.isEmpty {
                pass(UnsafeRawBufferPointer(rebasing: rest))
            } else {
                held.append(contentsOf: rest)
                held.withUnsafeBytes { pass($0) }
                held.removeAll(keepingCapacity: held.capacity <= EventStreamFilter.keptBytes)
            }
        }
        guard !hasFailed, scanner.count - scanner.endOfLastEvent <= maximum else {
            self.hasFailed = true
            throw EventTooLarge()
        }
        held.append(contentsOf: bytes[max(0, scanner.endOfLastEvent - base)...])
        self.held = held
    }

    /// Above this many bytes the memory for held bytes is given back after each event.
    private static let keptBytes = 1 << 16
}

/// An event of a stream is larger than the bound.
public struct EventTooLarge: Error, Equatable, Sendable, CustomStringConvertible {
    /// Makes the error.
    public init() {}

    /// One sentence without any of the event's content.
    public var description: String { "an event of the stream is too large to be judged" }
}

extension EventStreamFilter.Verdict {
    fileprivate func apply(to event: UnsafeRawBufferPointer, isFirst: Bool, output: inout [UInt8]) {
        switch self {
        case .pass: output.append(contentsOf: event)
        case .drop: if isFirst { EventStreamWriter.appendRest(ofFirst: event, to: &output) }
        case .replaceData(let data):
            data.withUnsafeBytes { EventStreamWriter.append(event, withData: $0, isFirst: isFirst, to: &output) }
        }
    }
}
