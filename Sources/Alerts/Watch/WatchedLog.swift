import Events

/// A log to follow: its name, and whatever gives its next lines.
public struct WatchedLog {
    /// Whole durable lines of a log.
    public struct Block {
        /// The first line's seq.
        public var firstSeq: UInt64
        /// The lines, each with its newline.
        public var bytes: [UInt8]

        /// Makes a block.
        public init(firstSeq: UInt64, bytes: [UInt8]) {
            self.firstSeq = firstSeq
            self.bytes = bytes
        }
    }

    /// The log's name, the first half of its records' names.
    public let name: String
    /// Where reading begins; nil where the place does not matter, because nobody will go on from it.
    let place: WatchedPlace?
    /// The next block, nil when there is nothing new now.
    let nextBlock: () throws -> Block?

    /// Makes a log to read once.
    public init(name: String, nextBlock: @escaping () throws -> [UInt8]?) {
        self.name = name
        place = nil
        self.nextBlock = { try nextBlock().map { Block(firstSeq: 0, bytes: $0) } }
    }

    /// Makes a log whose place is kept.
    ///
    /// - Parameters:
    ///   - place: who the log is, and the seq that the first line will have.
    ///   - nextBlock: the next block, nil when there is nothing new now.
    public init(at place: WatchedPlace, nextBlock: @escaping () throws -> Block?) {
        name = place.name
        self.place = place
        self.nextBlock = nextBlock
    }
}

/// Something that the watch could not read and went on without.
public struct WatchProblem: Sendable, CustomStringConvertible {
    /// The log's name.
    public var log: String
    /// What happened.
    public var message: String

    /// One line.
    public var description: String {
        "log \(log): \(message)"
    }
}

/// What a watch has done.
public struct WatchCounters: Sendable, Equatable {
    /// Records read.
    public var records = 0
    /// Lines that are no record.
    public var rejected = 0
    /// Steps written to the watch's own log.
    public var recorded = 0
    /// Steps handed to the sinks.
    public var delivered = 0
}
