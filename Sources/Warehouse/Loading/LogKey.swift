/// Which log a record comes from: origin and epoch, wherever the log's folder lies.
public struct LogKey: Sendable, Hashable {
    /// The log's name that no other log has.
    public var origin: String
    /// The log's life: raised when signed data was given up.
    public var epoch: Int
    /// The folder's name, by which records are cited.
    public var name: String
    /// What the log holds: `gateway`, `import`, `watch`.
    public var kind: String

    /// Names a log.
    public init(origin: String, epoch: Int, name: String, kind: String) {
        self.origin = origin
        self.epoch = epoch
        self.name = name
        self.kind = kind
    }
}

/// How far a log is loaded.
package struct LogCursor: Sendable, Equatable {
    /// The log's number in the database.
    package var log: Int
    /// The seq that comes next.
    package var nextSeq: UInt64
    /// Whether nothing of this log was loaded yet: its first record may then have any seq.
    package var isNew: Bool
    /// RFC 6962 leaf hash of the record before `nextSeq`, 64 hexadecimal digits.
    package var leaf: String?
}

/// Where in a log a line stands.
package struct LinePlace: Sendable {
    /// The segment's file name.
    package var segment: String
    /// Offset of the line's gzip member in that file.
    package var member: Int

    /// Names a place.
    package init(segment: String, member: Int) {
        self.segment = segment
        self.member = member
    }
}

/// A record's number in the database: `log << 40 | seq`.
enum RecordID {
    static let seqBits: Int64 = 40
    static let seqMask: Int64 = 1 << seqBits - 1

    static func of(log: Int64, seq: UInt64) -> Int64 {
        log << seqBits | Int64(truncatingIfNeeded: seq) & seqMask
    }

    static func log(_ id: Int64) -> Int64 {
        id >> seqBits
    }

    static func seq(_ id: Int64) -> UInt64 {
        UInt64(id & seqMask)
    }
}
