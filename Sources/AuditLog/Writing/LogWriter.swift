public import Events
import Glibc

/// Writes one log.
///
/// One process at a time; any thread of it.
///
/// The promise: when `waitUntilDurable` says `.durable`, the record survives the death of this process and, with
/// `Durability.strict`, of the machine; and no reader sees it earlier.
public final class LogWriter: Sendable {
    /// The log.
    public let log: LogDirectory
    /// The log's name, as records' names begin with it.
    public let name: String
    /// Who the log is.
    public let identity: LogIdentity
    /// What opening found and repaired.
    public let recovery: RecoveryReport
    private let lock: Monitor<LogLock?>
    private let clock: any LogClock
    private let options: LogOptions
    private let queue: CommitQueue
    private let notary: Notary?
    private let keeper: LogKeeper
    private let meter = CommitMeter()
    private let watermark: Watermark
    private let thread: WorkerThread

    /// Opens a log for writing: takes its lock, makes it if need be, repairs a torn tail, starts the committer.
    ///
    /// - Throws: `LogError` (`.locked`, `.disk`, `.format`, `.corrupt`, and `.signedDataMissing` where records are gone that a
    ///   head covers).
    public static func open(
        _ log: LogDirectory, options: LogOptions = LogOptions(), clock: any LogClock = SystemLogClock(),
        files: any LogFileSystem = PosixFileSystem()
    ) throws(LogError) -> LogWriter {
        do throws(SystemError) {
            try files.makeDirectory(log.segmentsPath)
        } catch {
            throw LogError(error, hint: "tollgate doctor")
        }
        let lock = try LogLock(log)
        let known = files.exists(log.identityPath) ? try LogIdentity.read(log, on: files) : nil
        var identity = known ?? LogWriter.newIdentity(log, options.purpose)
        guard identity.purpose == options.purpose else {
            throw LogError(
                .format, "this log holds \(identity.purpose.rawValue) records, not \(options.purpose.rawValue) ones",
                path: log.path, hint: "tollgate log verify --log \(log.path)")
        }
        let evidence = try LogEvidence.open(log, identity, stateFolder: options.stateFolder, files)
        var recovery = try LogRecovery(
            log, files: files, signedSize: evidence.signedSize, acceptsLoss: options.acceptsLoss
        ).repair()
        if let missing = recovery.signedMissing {
            guard options.acceptsLoss, evidence.checkpoint != nil else { throw LogEvidence.missing(missing, log) }
            identity.epoch += 1
            // What is accepted is the loss of these records, not another content of those before them.
            let root = try TreeSource(log, files, uncommitted: true).root(0..<missing.lowerBound)
            recovery.controls = recovery.controls.map { $0.event == .gap ? $0.with(.sha256, root.hexadecimal) : $0 }
        }
        if let signer = evidence.signer { identity.key = signer.verifier.description }
        lock.sign(epoch: identity.epoch)
        let tree = try evidence.tree(log, recovery, files)
        do throws(SystemError) {
            // What goes on behind lost records needs the tree over them, which nobody can compute again.
            if recovery.signedMissing != nil { try evidence.keepCheckpoint(beside: recovery.nextSeq, log, files) }
            // A change of the key is named once its record is durable.
            var named = identity
            if let former = known?.key { named.key = former }
            if named != known { try files.replace(log.identityPath, with: named.json) }
            return try LogWriter(
                log, identity: identity, formerKey: known?.key, lock: lock, recovery: recovery,
                tree: tree, evidence: evidence, options: options, clock: clock, files: files)
        } catch {
            throw LogError(error)
        }
    }

    private init(
        _ log: LogDirectory, identity: LogIdentity, formerKey: String?, lock: LogLock, recovery: RecoveryReport,
        tree: TreeEdge?, evidence: LogEvidence, options: LogOptions, clock: any LogClock, files: any LogFileSystem
    ) throws(SystemError) {
        self.log = log
        name = log.name
        self.identity = identity
        self.lock = Monitor(lock)
        self.recovery = recovery
        self.options = options
        self.clock = clock
        var segment = try SegmentWriter(log, files: files, hurryBytes: options.hurryBytes)
        let now = clock.now()
        let stepBack = recovery.lastTimestamp.map { $0.since(now) } ?? 0
        // Within one segment time never decreases: after a step back a new one begins.
        let begins = recovery.mustBeginSegment || stepBack > CommitQueue.tolerableStep
        if let active = recovery.activeSegment, !begins { try segment.resume(segment: active, recovery.members) }
        let watermark = try Watermark.create(log, epoch: identity.epoch, durable: recovery.nextSeq)
        self.watermark = watermark
        let notary = try evidence.notary(log, options, files, clock)
        self.notary = notary
        let queue = CommitQueue(
            nextSeq: recovery.nextSeq,
            lastTimestamp: stepBack > CommitQueue.tolerableStep ? nil : recovery.lastTimestamp,
            queueBytes: options.queueBytes, hold: options.hold)
        self.queue = queue
        let record = { @Sendable (control: Control, needsHead: Bool) -> Bool in
            let ticket = queue.append(at: { clock.now() }) { lines, seq, time in
                lines.append(Record(seq: seq, timestamp: time, body: .control(control)))
                return true
            }
            guard let ticket, queue.wait(for: ticket, milliseconds: options.closeMilliseconds) == .durable else {
                return false
            }
            guard needsHead, let notary else { return true }
            return notary.awaitHead(of: ticket.seq + 1, milliseconds: options.closeMilliseconds)
        }
        let finished = recovery.activeSegment.flatMap { begins ? nil : $0 } ?? recovery.nextSeq
        keeper = try LogKeeper(
            log, identity, keys: evidence.keys, finished: finished, lastBefore: recovery.lastTimestamp,
            options: options, files: files, clock: clock,
            writer: LogKeeper.Writer(
                record: record, writesRecords: options.writesOwnRecords,
                dropHeads: { notary?.drop(below: $0) },
                awaitHead: { _ = notary?.awaitHead(of: $0, milliseconds: 1000) }, meter: meter,
                report: options.report))
        let keeper = keeper
        let committer = Committer(
            segment: segment, watermark: watermark, tree: tree.map { GrowingTree($0) }, notary: notary, keeper: keeper,
            meter: meter, space: DiskLadder(log, options, files) { keeper.makeRoom() },
            segmentBegan: begins || options.purpose == .imported ? nil : recovery.segmentBegan, options: options,
            clock: clock)
        // A committer that a hung disk keeps outlives its writer: until it ends nobody else may write.
        thread = try WorkerThread(named: "log-commit") { withExtendedLifetime(lock) { committer.run(queue) } }
        if options.writesOwnRecords {
            writeOpening(stepBack: stepBack)
        } else if recovery.signedMissing != nil {
            // An import's records have times of their own.
            for control in recovery.controls { append(.control(control), at: recovery.lastTimestamp ?? now) }
        }
        if let formerKey, let key = identity.key, key != formerKey { try rotate(from: formerKey, to: key, now, files) }
    }

    /// Records a change of the key, then names the new one.
    private func rotate(
        from former: String, to key: String, _ now: Timestamp, _ files: any LogFileSystem
    ) throws(SystemError) {
        let control = Control(.keyRotated).with(.from, former).with(.to, key)
        let ticket =
            options.writesOwnRecords ? append(control) : append(.control(control), at: recovery.lastTimestamp ?? now)
        guard let ticket, waitUntilDurable(ticket, milliseconds: options.closeMilliseconds) == .durable else { return }
        try files.replace(log.identityPath, with: identity.json)
    }

    private func writeOpening(stepBack: Int64) {
        var open = Control(.logOpen).with(.origin, identity.origin).with(.epoch, identity.epoch)
            .with(.purpose, identity.purpose.rawValue).with(.durability, options.durability.description)
            .with(.version, options.version.isEmpty ? nil : options.version)
        for (key, value) in options.openFields {
            if let key = Control.Key(rawValue: key) { open = open.with(key, value) }
        }
        append(open)
        if stepBack > CommitQueue.tolerableStep {
            append(Control(.clockStep).with(.stepMicroseconds, -stepBack))
        }
        for control in recovery.controls { append(control) }
    }

    /// Fixes a record's seq and time and lets `body` say what it is.
    ///
    /// All in one critical section, so that what `body` decides by the time is in the order of the log. `body` must be
    /// short and must not call the log.
    ///
    /// Returns nil, without having called `body`, while the log cannot write or is closed.
    ///
    /// - Parameter isUrgent: whether somebody will wait for it; other records are committed with the next that is
    ///   waited for, or after `LogOptions.lingerMilliseconds`: a sync of their own would cost more than all the rest.
    @discardableResult
    public func append(isUrgent: Bool = true, _ body: (UInt64, Timestamp) -> Record.Body) -> LogTicket? {
        queue.append(at: { self.clock.now() }) { lines, seq, time in
            lines.append(body(seq, time), seq: seq, timestamp: time)
            return isUrgent
        }
    }

    /// Fixes a decision's seq and time like ``append(isUrgent:_:)``; `body` completes it, and says last whether somebody
    /// will wait for it.
    ///
    /// For the call path: the decision is written from where it is.
    ///
    /// - Parameter mayBeHeld: whether the call may go on, within `LogOptions.hold`, while the disk takes no records.
    @discardableResult
    public func append(
        _ decision: inout Decision, mayBeHeld: Bool = false, deciding body: (Timestamp, inout Decision) -> Bool
    ) -> LogTicket? {
        queue.append(mayBeHeld: mayBeHeld, at: { self.clock.now() }) { lines, seq, time in
            let isUrgent = body(time, &decision)
            lines.append(&decision, seq: seq, timestamp: time)
            return isUrgent
        }
    }

    /// Queues the outcome of the decision that `ticket` names.
    ///
    /// Where that one was withdrawn (its seq will be another's), or nothing can be written, `orElse` runs in the same
    /// critical section instead, and nothing is queued.
    public func append(
        after ticket: LogTicket, orElse: (Timestamp) -> Void = { _ in }, _ body: (Timestamp) -> Outcome
    ) {
        queue.append(after: ticket, at: { self.clock.now() }, orElse: orElse) { lines, seq, time in
            lines.append(body(time), seq: seq, timestamp: time)
        }
    }

    /// Queues a control record.
    @discardableResult
    public func append(_ control: Control) -> LogTicket? {
        append(isUrgent: false) { _, _ in .control(control) }
    }

    /// Lets what is queued end the segment, so that the next record's time may be before the last one's; false while the log
    /// cannot write.
    func beginSegment() -> Bool {
        queue.beginSegment()
    }

    /// Queues a record with a time of its own, no earlier than the last one's in its segment.
    @discardableResult
    public func append(_ body: Record.Body, at timestamp: Timestamp) -> LogTicket? {
        queue.append(at: { timestamp }) { lines, seq, time in
            lines.append(body, seq: seq, timestamp: time)
            return false
        }
    }

    /// Runs `body` in the critical section that ``append(isUrgent:_:)`` runs its own in, without a record.
    ///
    /// For what decisions look at there and something else changes. It must be short and must not call the log.
    public func exclusively(_ body: () -> Void) {
        queue.exclusively(body)
    }

    /// Waits until a record is acknowledged, for `milliseconds` at the most.
    public func waitUntilDurable(_ ticket: LogTicket, milliseconds: Int = 2000) -> CommitResult {
        queue.wait(for: ticket, milliseconds: milliseconds)
    }

    /// Ends a call's wait for its record, because it took too long or the disk refuses for now.
    ///
    /// The first that took too long lets all further calls be denied, or held, at once, until a commit succeeds.
    ///
    /// - Returns: `.durable` where it is by now, `.held` where the call may go on, else `.timedOut` or `.failed`.
    public func endWait(for ticket: LogTicket) -> CommitResult {
        let end = queue.endWait(for: ticket, now: clock.now())
        if end.beginsStall { options.report?(.stalled) }
        return end.result
    }

    /// How a record's commit ended; nil while it is under way.
    ///
    /// Never waits.
    public func result(of ticket: LogTicket) -> CommitResult? {
        queue.progress.result(of: ticket)
    }

    /// How far commits have come by now, for those who wait for many.
    public var progress: CommitProgress { queue.progress }

    /// Lets `observer` know of every commit, failure and end, on the committer's thread: for those who must not wait.
    ///
    /// It has to be quick and must not call the log.
    public func observeCommits(_ observer: (@Sendable () -> Void)?) {
        queue.observer.withLock { $0 = observer.map { CommitQueue.Observer(notice: $0) } }
    }

    /// Bytes of lines that wait for the committer; at `LogOptions.queueBytes` producers have to wait.
    public var backlogBytes: Int {
        queue.state.withLock { $0.pending.count }
    }

    /// What was done since the log was opened, and how it stands; never waits for the disk.
    public var statistics: LogStatistics {
        var statistics = meter.statistics
        // First what is synced: it only grows, and never beyond what is acknowledged.
        let durable = watermark.durable
        queue.state.withLock { state in
            statistics.nextSeq = state.nextSeq
            statistics.queuedRecords = state.nextSeq - state.acknowledged
            statistics.queuedBytes = state.pending.count
            statistics.unsyncedRecords = state.acknowledged - min(durable, state.acknowledged)
            statistics.isWell = state.episode == nil
        }
        return statistics
    }

    /// The seq that the next record will have.
    public var nextSeq: UInt64 {
        queue.state.withLock { $0.nextSeq }
    }

    /// Why the log cannot write just now; nil when it can.
    public var trouble: SystemError? {
        queue.state.withLock { $0.trouble }
    }

    /// Ends the active segment, and seals all that are finished and are not sealed yet.
    ///
    /// - Parameter progress: is told of records of a segment as they are read.
    /// - Throws: `LogError`; `.disk` while the log cannot write.
    public func seal(progress: (Int) -> Void = { _ in }) throws(LogError) -> SealReport {
        try keeper.seal(progress: progress) { () throws(LogError) in
            guard endSegment() else {
                throw LogError(.disk, "the log cannot write now", path: log.path, hint: "tollgate doctor")
            }
        }
    }

    /// Removes the sealed segments whose time is over; the removal is a record first.
    ///
    /// - Throws: `LogError`.
    public func retain(by rule: Retention) throws(LogError) -> RetentionReport { try keeper.remove(by: rule) }

    /// How long records are kept from now on; nil for ever.
    public func keep(for rule: Retention?) { keeper.use(rule) }

    /// Ends the active segment after what is queued, and returns once it has; false while the log cannot write.
    private func endSegment() -> Bool {
        let before = queue.state.withLock { $0.rotations }
        rotate()
        return queue.state.wait(milliseconds: options.closeMilliseconds) { state -> Bool? in
            if state.trouble != nil || state.isClosing { return false }
            return state.rotations > before ? true : nil
        } ?? false
    }

    /// Whether calls are recorded as they should be: the disk takes records, has room, and answers in time.
    public var isWell: Bool {
        queue.state.withLock { $0.episode == nil }
    }

    /// Whether so much waits for the committer that nothing new should be begun; never where calls are answered at once
    /// anyway, because they cannot be recorded.
    public func isCrowded(beyond bytes: Int) -> Bool {
        queue.state.withLock { $0.episode == nil && $0.pending.count > bytes }
    }

    /// Ends the active segment after what is queued; the next record begins a new one.
    public func rotate() {
        queue.state.withLock { $0.rotates = true }
        queue.state.wakeAll()
    }

    /// Commits what is queued and frees the log.
    ///
    /// - Throws: `LogError.disk` when records had to be given up.
    public func close() throws(LogError) {
        let wasOpen = queue.state.withLock { state in
            defer { state.isClosing = true }
            return !state.isClosing
        }
        guard wasOpen else { return }
        queue.state.wakeAll()
        guard queue.state.wait(milliseconds: options.closeMilliseconds, until: { $0.isClosed ? true : nil }) == true
        else {
            throw LogError(
                .disk, "the disk does not answer; what is queued may be lost", path: log.path, hint: "tollgate doctor")
        }
        thread.join()
        keeper.close()
        notary?.close()
        lock.withLock { $0 = nil }
        guard let trouble else { return }
        throw LogError(trouble, hint: "tollgate log verify --log \(log.path)")
    }

    private static func newIdentity(_ log: LogDirectory, _ purpose: LogIdentity.Purpose) -> LogIdentity {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let safe = { (text: String) in
            String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-._~".contains($0)) ? $0 : "-" })
        }
        let random = Digest64(UInt64.random(in: .min ... .max))
        return LogIdentity(origin: "\(safe(host))/\(safe(log.name))/\(random)", epoch: 1, purpose: purpose)
    }
}
