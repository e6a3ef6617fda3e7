/// What a record is cited by: `<log>/<seq>`.
public struct RecordName: Sendable, Hashable, CustomStringConvertible {
    /// The log's folder name.
    public var log: String
    /// The record's position in it.
    public var seq: UInt64

    /// Names a record.
    public init(log: String, seq: UInt64) {
        self.log = log
        self.seq = seq
    }

    /// `<log>/<seq>`.
    public var description: String { "\(log)/\(seq)" }
}
