/// What a log's writer has done since it was opened, and how it stands.
public struct LogStatistics: Sendable, Equatable {
    /// Records whose commit has succeeded.
    public var records: UInt64 = 0
    /// Commits that have succeeded; each made one batch of records durable, or with `interval` and `none` written.
    public var commits: UInt64 = 0
    /// Commits that the disk refused.
    public var failedCommits: UInt64 = 0
    /// Bytes of the committed records' lines.
    public var lineBytes: UInt64 = 0
    /// Bytes that were written to segments, compressed.
    public var bytes: UInt64 = 0
    /// How long commits took that succeeded: compressing, writing and, where it was due, syncing.
    public var commitDurations = DurationHistogram()
    /// How long `fdatasync` took where it succeeded.
    public var syncDurations = DurationHistogram()
    /// Segments that were finished.
    public var segmentsFinished: UInt64 = 0
    /// Segments that were sealed.
    public var segmentsSealed: UInt64 = 0
    /// Segments that retention removed.
    public var segmentsRemoved: UInt64 = 0

    // How it stands.

    /// The seq that the next record will have.
    public var nextSeq: UInt64 = 0
    /// Records that are queued and not acknowledged.
    public var queuedRecords: UInt64 = 0
    /// Bytes of lines that wait for the committer.
    public var queuedBytes = 0
    /// Records that are acknowledged and not synced: with `interval` those since the last sync.
    public var unsyncedRecords: UInt64 = 0
    /// Whether calls are recorded as they should be.
    public var isWell = true

    /// Nothing.
    public init() {}
}
