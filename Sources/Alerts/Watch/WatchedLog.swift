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
    /// Steps written to the log, and told to the sinks.
    public var recorded = 0
    public var delivered = 0
}

/// One followed log's records, a block at a time.
struct LogFeed {
    let log: WatchedLog
    private var records: [Record] = []
    private var index = 0
    /// Lines of the last blocks that are no record, not yet fetched by the watcher.
    var rejected: [RecordError] = []

    init(_ log: WatchedLog) {
        self.log = log
    }

    /// The next record, without taking it; nil when the block is used up.
    var head: Record? {
        index < records.count ? records[index] : nil
    }

    /// Takes the next record.
    mutating func advance() {
        index += 1
    }

    /// Reads blocks until there is a record; false when there is nothing new now.
    mutating func refill() throws -> Bool {
        while index >= records.count {
            guard let bytes = try log.nextBlock() else { return false }
            records.removeAll(keepingCapacity: true)
            index = 0
            bytes.withUnsafeBytes { decode($0) }
        }
        return true
    }

    private mutating func decode(_ bytes: UnsafeRawBufferPointer) {
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            do throws(RecordError) {
                records.append(try Record(utf8: UnsafeRawBufferPointer(rebasing: bytes[start..<end])))
            } catch {
                rejected.append(error)
            }
            start = end + 1
        }
    }
}
