import Events

/// A log to follow: its name, and whatever gives its next lines.
public struct WatchedLog {
    /// The log's name, the first half of its records' names.
    public let name: String
    /// The next block of whole durable lines, nil when there is nothing new now.
    let nextBlock: () throws -> [UInt8]?

    /// Makes a log to follow.
    public init(name: String, nextBlock: @escaping () throws -> [UInt8]?) {
        self.name = name
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

/// One followed log's records, decoded one at a time.
struct LogFeed {
    let log: WatchedLog
    private var block: [UInt8] = []
    private var offset = 0
    private var head: Record?
    /// Faults of lines that are no record, not yet reported.
    var rejected: [RecordError] = []
    /// Whether there was nothing new when this step last asked.
    var isDry = false

    init(_ log: WatchedLog) {
        self.log = log
    }

    /// The next record's time; nil where none has been read.
    var nextTime: Timestamp? {
        head?.timestamp
    }

    /// Takes the next record.
    mutating func take() -> Record? {
        head.take()
    }

    /// Reads on until there is a record; false when there is nothing new now.
    mutating func refill() throws -> Bool {
        while head == nil {
            if offset >= block.count {
                guard let next = try log.nextBlock() else { return false }
                block = next
                offset = 0
            }
            decodeLine()
        }
        return true
    }

    private mutating func decodeLine() {
        guard offset < block.count else { return }
        block.withUnsafeBytes { bytes in
            let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            let length = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.count
            offset += length + 1
            do throws(RecordError) {
                head = try Record(utf8: UnsafeRawBufferPointer(rebasing: rest[..<length]))
            } catch {
                rejected.append(error)
            }
        }
    }
}
