/// Tells a reader how far it may read: to the watermark of a living writer, or to the end when nobody writes.
final class DurableGate {
    enum Look {
        /// Below this seq all is durable; above, nothing may be shown.
        case through(UInt64)
        /// Nobody writes: what is whole may be read once it is synced.
        case open
    }

    private let log: LogDirectory
    private var watermark: Watermark?

    init(_ log: LogDirectory) {
        self.log = log
    }

    /// What the writer that was seen last says by now, without a system call: a reason to look, no more.
    var hint: UInt64? { watermark?.durable }

    /// `live.state` is a hint: it is believed only with this boot's id, the lock held and the log's epoch.
    func look() -> Look {
        guard LogLock.isHeld(log) else {
            watermark = nil
            return .open
        }
        // A writer that came after the one whose file is mapped has made a new file.
        if let fresh = Watermark.read(log, epoch: (try? LogIdentity.read(log).epoch) ?? 0) {
            watermark = fresh
        }
        return .through(watermark?.durable ?? 0)
    }
}
