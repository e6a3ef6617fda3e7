import Synchronization

/// Counts what a log's threads do, for whoever asks.
///
/// Its lock is held for additions only, by the committer a few times a batch: no call waits for it.
final class CommitMeter: Sendable {
    private let counts = Mutex(LogStatistics())

    /// What was counted so far.
    var statistics: LogStatistics { counts.withLock { $0 } }

    /// A batch was committed.
    func committed(records: UInt64, lineBytes: Int, bytes: Int, in duration: Duration) {
        counts.withLock { counts in
            counts.commits += 1
            counts.records += records
            counts.lineBytes += UInt64(lineBytes)
            counts.bytes += UInt64(bytes)
            counts.commitDurations.note(duration)
        }
    }

    /// The disk refused a batch.
    func failed() {
        counts.withLock { $0.failedCommits += 1 }
    }

    /// A sync has succeeded.
    func synced(in duration: Duration) {
        counts.withLock { $0.syncDurations.note(duration) }
    }

    /// The active segment was finished.
    func finishedSegment() {
        counts.withLock { $0.segmentsFinished += 1 }
    }

    /// A segment was sealed.
    func sealedSegment() {
        counts.withLock { $0.segmentsSealed += 1 }
    }

    /// Retention has removed a segment.
    func removedSegment() {
        counts.withLock { $0.segmentsRemoved += 1 }
    }
}
