/// When a record counts as acknowledged.
public enum Durability: Sendable, Equatable, CustomStringConvertible {
    /// After fdatasync.
    case strict
    /// After write; fdatasync at most so many milliseconds later.
    case interval(milliseconds: Int)
    /// After write; the system decides when bytes reach the disk.
    case none

    /// Reads `strict`, `none` or `interval:100ms`.
    public init?(_ text: String) {
        switch text {
        case "strict": self = .strict
        case "none": self = .none
        default:
            guard text.hasPrefix("interval:"), text.hasSuffix("ms"), let number = Int(text.dropFirst(9).dropLast(2)),
                (1...60_000).contains(number)
            else { return nil }
            self = .interval(milliseconds: number)
        }
    }

    /// The text that is read back.
    public var description: String {
        switch self {
        case .strict: "strict"
        case .interval(let milliseconds): "interval:\(milliseconds)ms"
        case .none: "none"
        }
    }
}

/// How a log is written.
public struct LogOptions: Sendable {
    /// When a record counts as acknowledged.
    public var durability = Durability.strict
    /// What the log is for; fixed when it is made.
    public var purpose = LogIdentity.Purpose.gateway
    /// Compressed bytes after which a new segment begins.
    public var segmentBytes = 64 << 20
    /// Seconds after which a new segment begins.
    public var segmentSeconds = 86_400
    /// Bytes of lines that may wait for the committer before producers must.
    public var queueBytes = 8 << 20
    /// Milliseconds that a record which nobody waits for may wait for company.
    public var lingerMilliseconds = 5
    /// Bytes of lines in one commit from which the compressor hurries (level 1 instead of 6).
    ///
    /// For a gateway little, as many records in one commit mean load: the committer's CPU for a denied call went from
    /// 5.8 to 2.0 µs, measured with `make bench-gateway`'s load. A log that is imported has time, and is kept small.
    public var hurryBytes: Int { purpose == .gateway ? 6 << 10 : 1 << 20 }
    /// Records of a batch from which on the next one is given time to form, where no sync gives it.
    public var gatherRecords = 6
    /// Microseconds of that time.
    public var gatherMicroseconds: UInt32 = 600
    /// Seconds between `heartbeat` records; 0 for none.
    public var heartbeatSeconds = 3600
    /// Milliseconds between tries to write again after the disk refused.
    public var probeMilliseconds = 250
    /// How many calls may go on, and for how long, while their records cannot be made durable; nil for none.
    public var hold: LogHold?
    /// Bytes that are taken in advance, so that a full disk still takes control records; 0 for none.
    ///
    /// Less where the file system is small: a 64th of it at the most.
    public var reserveBytes = 0
    /// Milliseconds between looks at the disk's space, the reserve and the active file's name.
    public var checkMilliseconds = 900
    /// Milliseconds that closing waits for the last commit.
    public var closeMilliseconds = 10_000
    /// The folder of the user's or service's state, where the log's signing key is kept, or made; nil for a log whose heads
    /// nobody signs.
    public var stateFolder: String?
    /// Milliseconds between two heads, unless many records come.
    public var headMilliseconds = 1000
    /// Records after which a head is signed earlier.
    public var headRecords: UInt64 = 4096
    /// Bytes of kept heads from which on only one an hour is kept of older hours.
    public var headBytes = 8 << 20
    /// Whether finished segments are sealed, and retention is kept, by a thread beside the committer.
    public var sealsByItself = true
    /// How long records are kept; nil for ever.
    public var retention: Retention?
    /// Whether to go on behind records that a signed head covers and that are gone, instead of refusing.
    public var acceptsLoss = false
    /// tollgate's version, for `log_open`.
    public var version = ""
    /// Control fields that `log_open` shall carry, such as `gateway` and `digest_key`.
    public var openFields: [(key: String, value: String)] = []
    /// Whether control records of the log itself (`log_open`, `heartbeat`) are written; an import has none.
    public var writesOwnRecords = true

    /// Is told, on one of the log's threads, when the disk refuses and when it takes records or heads again; must not call
    /// the log.
    public var report: (@Sendable (LogTrouble) -> Void)?

    /// The defaults.
    public init() {}
}

/// What a writer tells of its disk.
public enum LogTrouble: Sendable {
    /// Nothing can be recorded from now on.
    case began(SystemError)
    /// Records are taken again; so many were lost.
    case ended(lost: Int)
    /// No heads can be written; records are.
    case headsBegan(String)
    /// Heads are written again.
    case headsEnded
    /// A finished segment stays as it is.
    case notSealed(segment: UInt64, why: String)
    /// Retention removed records that a registered reader has not read, and that was not seen for long.
    case readerPassed(ReaderLease)
    /// Retention cannot keep its bounds.
    case notRetained(String)
    /// The disk is full: what is no call is recorded from the reserve, calls are not.
    case reserveOpened(SystemError)
    /// A commit takes longer than its call may wait.
    case stalled
    /// Less than 20 % of the file system is free.
    case spaceLow(freePercent: Int)
    /// 5 % or less of it is free.
    case spaceCritical(freePercent: Int)
    /// The active segment's file was removed or replaced, and stands at its place again with all its bytes.
    case fileRestored(segment: String, bytes: Int)
}
