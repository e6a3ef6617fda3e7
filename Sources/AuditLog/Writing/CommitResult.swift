/// Names a queued record, to wait for its commit.
public struct LogTicket: Sendable, Hashable {
    /// The record's seq.
    public let seq: UInt64
    /// How many times the log had withdrawn records when this one was queued.
    let generation: Int
    /// Whether its call may go on while the disk takes no records (`LogOptions.hold`).
    var mayBeHeld = false
    /// Whether it was counted as one of those when it was queued.
    var isCounted = false
    /// Whether its call need not wait: nothing can be made durable just now, and the record is held in memory.
    public internal(set) var isHeld = false
}

/// How a wait for a commit ended.
public enum CommitResult: Sendable, Equatable {
    /// The record is as durable as the log's durability promises.
    case durable
    /// The disk refused; the record was withdrawn and will never be read.
    case failed
    /// The commit takes too long, or the disk refuses for now; the record may still become durable.
    case timedOut
    /// Nothing can be made durable just now; the record is held in memory and its call may go on.
    case held
}

/// How far a log's commits had come at one moment.
public struct CommitProgress: Sendable {
    /// All seqs below are acknowledged.
    let acknowledged: UInt64
    /// For each time that records were withdrawn: the first seq that was.
    let withdrawals: [UInt64]
    /// Whether the disk takes no records just now.
    let isRefused: Bool
    let isClosed: Bool

    /// How a record's commit ended; nil while it is under way.
    public func result(of ticket: LogTicket) -> CommitResult? {
        if ticket.generation < withdrawals.count {
            return ticket.seq < withdrawals[ticket.generation] ? .durable : .failed
        }
        if ticket.seq < acknowledged { return .durable }
        return isClosed ? .failed : isRefused ? .timedOut : nil
    }
}
