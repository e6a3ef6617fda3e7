/// One record of the log: a line of JSON on disk.
public struct Record: Sendable, Equatable {
    /// The record's own content.
    public enum Body: Sendable, Equatable {
        /// What was decided.
        case decision(Decision)
        /// How it ended.
        case outcome(Outcome)
        /// Something else of note.
        case control(Control)
    }

    /// The schema version that this code writes.
    public static let version = 1
    /// The most bytes a line may have, its newline included.
    public static let maximumBytes = 32 << 10

    /// Position within the log, gapless from 0.
    public var seq: UInt64
    /// When it was fixed, by the gateway's clock.
    public var timestamp: Timestamp
    /// What it says.
    public var body: Body

    /// Makes a record.
    public init(seq: UInt64, timestamp: Timestamp, body: Body) {
        self.seq = seq
        self.timestamp = timestamp
        self.body = body
    }

    /// What the record is about.
    public var kind: RecordKind {
        switch body {
        case .decision: .decision
        case .outcome: .outcome
        case .control: .control
        }
    }
}
