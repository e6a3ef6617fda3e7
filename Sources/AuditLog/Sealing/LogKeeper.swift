import Events
import Glibc

/// Keeps a log in order beside its writer: seals finished segments, removes those whose time is over.
///
/// Works on a thread of its own, at low priority, when a segment has ended and once a minute; or for whoever asks. One at a
/// time.
final class LogKeeper: @unchecked Sendable {
    private struct State {
        /// Segments that begin below are finished.
        var finished: UInt64
        /// The trees where segments ended.
        var edges: [UInt64: TreeEdge] = [:]
        var isDue = true
        /// The disk is nearly full.
        var needsRoom = false
        var isClosing = false
    }

    /// What it asks of the log's writer.
    struct Writer {
        /// Appends a control record, and waits until it is durable, and until a head covers it where one is asked for; false
        /// where that does not come.
        let record: @Sendable (Control, _ needsHead: Bool) -> Bool
        /// Whether it writes such records at all: an import has none.
        let writesRecords: Bool
        /// Lets heads that are in manifests go.
        let dropHeads: @Sendable (UInt64) -> Void
        /// Waits a moment for a head of so many records.
        let awaitHead: @Sendable (UInt64) -> Void
        /// Is told of each segment that is sealed or removed.
        let meter: CommitMeter
        let report: (@Sendable (LogTrouble) -> Void)?
    }

    private let log: LogDirectory
    private let origin: String
    private let keys: [NoteVerifier]
    private let files: any LogFileSystem
    private let clock: any LogClock
    private let writer: Writer
    private let retention: Monitor<Retention?>
    private let state: Monitor<State>
    /// Held by whoever seals or removes.
    private let work: Monitor<Set<UInt64>>
    private var thread: WorkerThread?
    /// The last record's time before this process, and this process's first moment.
    private let lastBefore: Timestamp?
    private let began: Timestamp
    /// When retention is tried again after a refusal, and what was told of it last; of the keeper's thread.
    private var nextTry = ContinuousClock.now
    private var told: String?
    private static let seconds = 60

    init(
        _ log: LogDirectory, _ identity: LogIdentity, keys: [NoteVerifier], finished: UInt64, lastBefore: Timestamp?,
        options: LogOptions, files: any LogFileSystem, clock: any LogClock, writer: Writer
    ) throws(SystemError) {
        self.log = log
        origin = identity.origin
        self.keys = keys
        self.files = files
        self.clock = clock
        self.writer = writer
        self.lastBefore = lastBefore
        began = clock.now()
        retention = Monitor(options.retention)
        state = Monitor(State(finished: finished))
        work = Monitor([])
        if options.sealsByItself { thread = try WorkerThread(named: "log-keeper") { [self] in run() } }
    }

    /// Takes note that a segment has ended before `next`, with the tree as it was then; never waits.
    func segmentEnded(before next: UInt64, _ edge: TreeEdge?) {
        state.withLock { state in
            state.finished = next
            if let edge { state.edges[edge.size] = edge }
            state.isDue = true
        }
        state.wakeAll()
    }

    /// Takes note that the disk is nearly full; never waits.
    ///
    /// Where retention has bounds, the oldest segment goes now, if it may; without, nothing is removed for want of room.
    func makeRoom() {
        state.withLock { $0.needsRoom = true }
        state.wakeAll()
    }

    /// Other bounds from now on.
    func use(_ rule: Retention?) {
        retention.withLock { $0 = rule }
        state.withLock { $0.isDue = true }
        state.wakeAll()
    }

    /// Ends the thread; what it is doing is given up.
    func close() {
        state.withLock { $0.isClosing = true }
        state.wakeAll()
        thread?.join()
        thread = nil
    }

    private func run() {
        // This thread alone: Linux has a priority for each, and 0 is the one that asks.
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
        while true {
            _ = state.wait(milliseconds: LogKeeper.seconds * 1000) { state -> Bool? in
                state.isClosing || state.isDue || state.needsRoom ? true : nil
            }
            let (isClosing, isDue, needsRoom) = state.withLock { state in
                defer { (state.isDue, state.needsRoom) = (false, false) }
                return (state.isClosing, state.isDue, state.needsRoom)
            }
            if isClosing { return }
            if isDue { sealByItself() }
            guard var rule = retention.withLock({ $0 }) else { continue }
            removeByItself(rule)
            guard needsRoom else { continue }
            rule.bytes = 0
            removeByItself(rule, most: 1)
        }
    }

    /// Seals all finished segments.
    ///
    /// - Parameters:
    ///   - progress: is told of records as they are read.
    ///   - finish: ends the active segment first.
    /// - Throws: `LogError`.
    func seal(
        progress: (Int) -> Void = { _ in }, finish: () throws(LogError) -> Void = {}
    ) throws(LogError) -> SealReport {
        let result: Result<SealReport, LogError> = work.withLock { given in
            do throws(LogError) {
                try finish()
            } catch {
                return .failure(error)
            }
            let (limit, edges) = state.withLock { ($0.finished, $0.edges) }
            // A segment's own last head belongs into its manifest.
            writer.awaitHead(limit)
            return withoutActuallyEscaping(progress) { progress in
                let sealer = SegmentSealer(
                    log: log, files: files, origin: origin, isStopped: { self.state.withLock { $0.isClosing } },
                    progress: progress)
                var plan = SealPlan(sealer: sealer, keys: keys, edges: edges, given: given)
                defer { given = plan.given }
                return Result { () throws(LogError) in
                    try plan.run(below: limit, room: { try? files.space(at: log.path).free }) { note($0) }
                }
            }
        }
        let report = try result.get()
        for (segment, why) in report.left { writer.report?(.notSealed(segment: segment, why: why)) }
        return report
    }

    private func note(_ manifest: SegmentManifest) {
        writer.meter.sealedSegment()
        state.withLock { state in state.edges = state.edges.filter { $0.key > manifest.firstSeq } }
        // A head that came while it was sealed is in no manifest.
        if let last = manifest.heads.last { writer.dropHeads(last.head.size) }
        guard writer.writesRecords else { return }
        let control = Control(.seal).with(.segment, LogDirectory.segmentName(manifest.firstSeq))
            .with(.bytes, manifest.bytes).with(.n, manifest.records).with(.firstSeq, manifest.firstSeq)
            .with(.lastSeq, manifest.nextSeq - 1).with(.sha256, manifest.hash.hexadecimal)
        _ = writer.record(control, false)
    }

    /// Removes the segments whose time is over; they are recorded first, and a head covers the record before anything goes.
    ///
    /// - Parameters:
    ///   - most: how many segments may go.
    ///   - now: the present moment; the clock's where none is given.
    /// - Throws: `LogError`.
    func remove(by rule: Retention, most: Int = .max, now: Timestamp? = nil) throws(LogError) -> RetentionReport {
        let result: Result<RetentionReport, LogError> = work.withLock { _ in
            Result { () throws(LogError) in
                var report = try RetentionPlan(log: log, files: files, rule: rule, now: now ?? clock.now()).find()
                let planned = report.removed.prefix(most)
                report.removed = []
                let remover = SegmentRemover(log: log, files: files)
                var due: [SegmentManifest] = []
                do throws(SystemError) {
                    for manifest in planned {
                        if let why = try remover.prepare(manifest) {
                            report.obstacle = .refused(why)
                            break
                        }
                        due.append(manifest)
                    }
                    guard let last = due.last else { return report }
                    // A record of what is still there is no harm; a removal without a signed record would be a loss.
                    guard writer.record(record(of: due, through: last, rule, report.expired), true) else {
                        report.obstacle = .refused("the removal could not be recorded under a signed head")
                        return report
                    }
                    for manifest in due {
                        if let hold = RetentionPlan.hold(of: log, files) {
                            report.obstacle = .hold(hold)
                            return report
                        }
                        try remover.remove(manifest.firstSeq)
                        writer.meter.removedSegment()
                        report.removed.append(manifest)
                    }
                } catch {
                    report.obstacle = .refused("\(error)")
                }
                return report
            }
        }
        let report = try result.get()
        for lease in report.expired where !report.removed.isEmpty { writer.report?(.readerPassed(lease)) }
        return report
    }

    /// The record of a removal: all records from 0 on are gone then, whoever removed the others.
    private func record(
        of due: [SegmentManifest], through last: SegmentManifest, _ rule: Retention, _ expired: [ReaderLease]
    ) -> Control {
        let passed = expired.isEmpty ? nil : "not waited for: " + expired.map(\.name).joined(separator: ", ")
        return Control(.retention).with(.n, due.reduce(0) { $0 + $1.records })
            .with(.reason, rule.passesReaders ? "readers were passed" : passed)
            .with(.segment, LogDirectory.segmentName(last.firstSeq)).with(.bytes, due.reduce(0) { $0 + $1.bytes })
            .with(.firstSeq, 0).with(.lastSeq, last.nextSeq - 1).with(.sha256, last.hash.hexadecimal)
    }

    private func sealByItself() {
        do throws(LogError) {
            _ = try seal()
        } catch {
            writer.report?(.notSealed(segment: state.withLock { $0.finished }, why: error.description))
        }
    }

    /// What retention does by itself; what keeps it from its bounds is told once.
    private func removeByItself(_ rule: Retention, most: Int = .max) {
        guard ContinuousClock.now >= nextTry else { return }
        do throws(LogError) {
            let report = try remove(by: rule, most: most, now: believableNow)
            guard case .refused(let why)? = report.obstacle else { return told = nil }
            tell(why)
        } catch {
            tell(error.description)
        }
    }

    private func tell(_ why: String) {
        // The disk or the signer may come back; until then each try costs a record.
        nextTry = .now + .seconds(600)
        if told != why { writer.report?(.notRetained(why)) }
        told = why
    }

    /// The clock's time, but not more than a day beyond what the log itself has lived through: a wall clock that is set a year
    /// ahead must not remove a year's records.
    private var believableNow: Timestamp {
        LogKeeper.believable(clock.now(), began: began, lastBefore: lastBefore)
    }

    /// - Parameters:
    ///   - began: this process's first moment, by the same clock.
    ///   - lastBefore: the last record's time before that; nil in a new log.
    static func believable(_ now: Timestamp, began: Timestamp, lastBefore: Timestamp?) -> Timestamp {
        guard let lastBefore else { return now }
        return min(now, lastBefore.advanced(by: now.since(began) + 86_400_000_000))
    }
}
