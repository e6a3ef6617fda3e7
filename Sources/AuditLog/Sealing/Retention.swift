public import Events

/// How long records are kept.
public struct Retention: Sendable, Equatable {
    /// Seconds after which a segment may go, by its last record; nil for no bound.
    public var ageSeconds: Int64?
    /// Bytes of segments from which on the oldest may go; nil for no bound.
    public var bytes: Int?
    /// Seconds for which a record is kept whatever the other bounds say: a flood must not erase its own evidence.
    public var keepSeconds: Int64 = 30 * 86_400
    /// Seconds for which a registered reader is waited for after it was seen last.
    public var leaseSeconds: Int64 = 7 * 86_400
    /// Whether to pass registered readers.
    public var passesReaders = false

    /// The defaults: nothing is removed.
    public init() {}
}

/// What retention did, and why it went no further.
public struct RetentionReport: Sendable {
    /// Why the next segment stays though a bound says that it may go.
    public enum Obstacle: Sendable, Equatable {
        /// A legal hold; its reason.
        case hold(String)
        /// It is younger than records are kept at least.
        case tooYoung(until: Timestamp)
        /// A registered reader has not read it.
        case reader(ReaderLease)
        /// It is not sealed.
        case unsealed
        /// The file system, or the log, refused.
        case refused(String)
    }

    /// The segments that were removed, or would be.
    public var removed: [SegmentManifest] = []
    /// Readers that were not waited for any longer.
    public var expired: [ReaderLease] = []
    /// Why it went no further; nil where the bounds are kept.
    public var obstacle: Obstacle?

    /// What retention would do at a moment; changes nothing.
    ///
    /// - Throws: `LogError`.
    public static func planned(
        _ log: LogDirectory, _ rule: Retention, now: Timestamp, on files: some LogFileSystem = PosixFileSystem()
    ) throws(LogError) -> RetentionReport {
        try RetentionPlan(log: log, files: files, rule: rule, now: now).find()
    }

    /// Bytes that they had.
    public var bytes: Int { removed.reduce(0) { $0 + $1.bytes } }
}

/// Finds the segments that may go, the oldest first.
struct RetentionPlan {
    let log: LogDirectory
    let files: any LogFileSystem
    let rule: Retention
    let now: Timestamp

    /// What may be removed now.
    ///
    /// - Throws: `LogError`.
    func find() throws(LogError) -> RetentionReport {
        var report = RetentionReport()
        let segments = try log.segments(on: files)
        let sizes = segments.map { (try? files.open(log.segmentPath($0), .read).size()) ?? 0 }
        var total = sizes.reduce(0, +)
        // The newest segment is being written, or will be.
        for (first, size) in zip(segments, sizes).dropLast() {
            guard isDue(first, total: total) else { return report }
            guard let manifest = try SegmentManifest.read(log, segment: first, on: files) else {
                // Of a segment that is not sealed only the size is a reason to go.
                if rule.bytes.map({ total > $0 }) ?? false { report.obstacle = .unsealed }
                return report
            }
            let obstacle = obstacle(manifest, &report.expired)
            // Nobody can compute the tree over records that are gone: those before a loss stay, to be compared with it.
            let isBeforeLoss = !segments.contains(manifest.nextSeq)
            if let obstacle = obstacle ?? (isBeforeLoss ? .refused("the records behind it are lost") : nil) {
                report.obstacle = obstacle
                return report
            }
            report.removed.append(manifest)
            total -= size
        }
        return report
    }

    /// The reason of a legal hold; nil where there is none.
    ///
    /// One that cannot be read is one.
    static func hold(of log: LogDirectory, _ files: any LogFileSystem) -> String? {
        do throws(SystemError) {
            let reason = try files.contents(of: log.holdPath)
            return String(decoding: reason.prefix { $0 != 0x0A }, as: UTF8.self)
        } catch {
            return error.number == 2 ? nil : "\(error)"
        }
    }

    private func isDue(_ first: UInt64, total: Int) -> Bool {
        if let bytes = rule.bytes, total > bytes { return true }
        guard let age = rule.ageSeconds, let manifest = try? SegmentManifest.read(log, segment: first, on: files) else {
            return false
        }
        return now.since(manifest.lastTimestamp) > age * 1_000_000
    }

    private func obstacle(
        _ manifest: SegmentManifest, _ expired: inout [ReaderLease]
    ) -> RetentionReport.Obstacle? {
        if let hold = RetentionPlan.hold(of: log, files) { return .hold(hold) }
        let until = manifest.lastTimestamp.advanced(by: rule.keepSeconds * 1_000_000)
        if now < until { return .tooYoung(until: until) }
        if rule.passesReaders { return nil }
        for lease in ReaderLease.all(of: log, now: now, on: files) where lease.nextSeq < manifest.nextSeq {
            if now.since(lease.timestamp) <= rule.leaseSeconds * 1_000_000 { return .reader(lease) }
            if !expired.contains(lease) { expired.append(lease) }
        }
        return nil
    }
}
