public import Warehouse

/// How an ingester works.
public struct IngestOptions: Sendable {
    /// Records after which a transaction is committed: with more of them a roll-up's row is written less often.
    public var transactionRecords = 100_000
    /// Microseconds after which a transaction is committed: how long another writer may have to wait.
    public var transactionMicroseconds: Int64 = 400_000
    /// The longest pause between two looks at the logs while following, in microseconds.
    public var pauseMicroseconds: Int64 = 50_000
    /// Time between two looks for new logs while following, in microseconds.
    public var discoveryMicroseconds: Int64 = 1_000_000
    /// What a following ingester deletes from the warehouse when it is older; nil for nothing.
    ///
    /// It is the running process's and is kept in no database: a command that somebody types beside it deletes nothing.
    public var keep: KeepRule?
    /// Time between two passes of retention while following, in microseconds.
    public var keepMicroseconds: Int64 = 3_600_000_000

    /// The defaults.
    public init() {}
}
