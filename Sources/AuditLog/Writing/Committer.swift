import Events
import Glibc

/// Takes what is queued, makes it durable, says so.
///
/// Runs on a thread of its own. What somebody waits for does not linger: a batch forms while the previous one is being
/// synced. What nobody waits for, such as outcomes, lingers for milliseconds to share a sync.
final class Committer: @unchecked Sendable {
    private var segment: SegmentWriter
    private let watermark: Watermark
    /// Nil for a log whose heads nobody signs.
    private var tree: GrowingTree?
    private let notary: Notary?
    private let keeper: LogKeeper
    private let meter: CommitMeter
    private var space: DiskLadder
    private var lastCheck = ContinuousClock.now
    /// Whether the reserve was freed, and the disk is full until it can be taken again.
    private var isShort = false
    private let options: LogOptions
    private let clock: any LogClock
    private var batch = LineBuffer()
    private var segmentBegan: Timestamp
    /// When the first record came that is written and not synced.
    private var unsyncedSince: Timestamp?
    /// The time of the batch's first record.
    private var batchSince: Timestamp?
    /// Whether the time of the next sync has not come, though the committer woke up.
    private var isSyncAwaited = false
    private var lastHeartbeat: Timestamp
    private var lastBatchRecords = 0

    private enum Task {
        case commit(first: UInt64, next: UInt64)
        case rotate
        case probe
        case idle
        case close
    }

    init(
        segment: consuming SegmentWriter, watermark: Watermark, tree: GrowingTree?, notary: Notary?,
        keeper: LogKeeper, meter: CommitMeter, space: DiskLadder, segmentBegan: Timestamp?, options: LogOptions,
        clock: any LogClock
    ) {
        self.space = space
        self.segment = segment
        self.watermark = watermark
        self.tree = tree
        self.notary = notary
        self.keeper = keeper
        self.meter = meter
        self.options = options
        self.clock = clock
        let now = clock.now()
        self.segmentBegan = segmentBegan.map { min($0, now) } ?? now
        lastHeartbeat = now
    }

    func run(_ queue: CommitQueue) {
        _ = space.look()
        while true {
            switch next(queue) {
            case .commit(let first, let next): commit(first: first, next: next, queue)
            case .rotate: rotate(queue)
            case .probe: probe(queue)
            case .idle: idle(queue)
            case .close:
                close(queue)
                return
            }
        }
    }

    private func next(_ queue: CommitQueue) -> Task {
        let isBroken = queue.state.withLock { $0.trouble != nil }
        awaitWork(queue, isBroken: isBroken)
        check(queue)
        return take(queue) ?? (queue.state.withLock { $0.trouble != nil } ? .probe : .idle)
    }

    private func awaitWork(_ queue: CommitQueue, isBroken: Bool) {
        let milliseconds =
            isBroken
            ? options.probeMilliseconds
            : unsyncedSince.map { max(1, syncInterval - Int(clock.now().since($0) / 1000)) }
                ?? options.heartbeatSeconds * 1000
        gather()
        let wasBusy = lastBatchRecords > 0
        lastBatchRecords = 0
        let looks = checkMilliseconds > 0 && (milliseconds <= 0 || checkMilliseconds < milliseconds)
        let patience = looks ? checkMilliseconds : milliseconds > 0 ? milliseconds : nil
        isSyncAwaited = unsyncedSince != nil && looks
        // Right after a batch it lingers first: what comes meanwhile and nobody waits for need not wake it.
        if wasBusy, !isBroken, linger(queue, milliseconds: min(options.lingerMilliseconds, patience ?? .max)) { return }
        let hasWork = queue.state.wait(milliseconds: patience, in: { _ in CommitQueue.Room.committer }) {
            state -> Bool? in
            // A segment that somebody wants to end would be no reason to try again at once.
            let isReady = state.isClosing || (!isBroken && (state.pending.count > 0 || state.rotates))
            state.isCommitterAsleep = !isReady
            return isReady ? true : nil
        }
        guard hasWork == true, !isBroken else { return }
        _ = linger(queue, milliseconds: options.lingerMilliseconds)
    }

    /// Lets what nobody waits for gather, to share its sync with others; gives whether there is anything to do.
    private func linger(_ queue: CommitQueue, milliseconds: Int) -> Bool {
        let isUrgent = queue.state.wait(milliseconds: milliseconds, in: { _ in CommitQueue.Room.committer }) {
            state -> Bool? in
            let isFull = state.pending.count >= BGZFMember.maximumPlaintext
            return state.isUrgent || isFull || state.rotates || state.isClosing ? true : nil
        }
        return isUrgent == true || queue.state.withLock { $0.pending.count > 0 }
    }

    /// Lets a batch form where no sync does: under load each write and its compressor's start are shared.
    ///
    /// Alone, a record waits for nothing: only a batch of several is a sign of more to come. It sleeps right after that
    /// batch, before anybody has to wake it: a wake-up costs both sides more than a batch's share of the compressor.
    private func gather() {
        guard options.durability != .strict, lastBatchRecords >= options.gatherRecords else { return }
        usleep(options.gatherMicroseconds)
    }

    private func take(_ queue: CommitQueue) -> Task? {
        queue.state.withLock { state -> Task? in
            if state.trouble != nil { return state.isClosing ? .close : nil }
            if state.pending.count > 0 {
                swap(&state.pending, &batch)
                state.batches += 1
                defer { state.pendingFirst = state.nextSeq }
                state.isUrgent = false
                batchSince = state.pendingSince
                lastBatchRecords = Int(state.nextSeq - state.pendingFirst)
                return .commit(first: state.pendingFirst, next: state.nextSeq)
            }
            if state.rotates {
                state.rotates = false
                return .rotate
            }
            return state.isClosing ? .close : nil
        }
    }

    private func commit(first: UInt64, next: UInt64, _ queue: CommitQueue) {
        let (began, written) = (ContinuousClock.now, segment.written)
        do throws(SystemError) {
            do throws(SystemError) {
                try put(first: first, next: next, queue)
            } catch {
                guard error.isNoSpace, openReserve(for: error, queue, first: first) else { throw error }
                try put(first: first, next: next, queue)
            }
        } catch {
            fail(error, queue, first: first)
            return
        }
        // Before those who wait hear of it, so that who has heard finds it counted.
        meter.committed(
            records: next - first, lineBytes: batch.count, bytes: segment.written - written,
            in: ContinuousClock.now - began)
        let told = queue.acknowledge(next) { clock.now() }
        queue.announceBatch()
        if let told { options.report?(.ended(lost: told)) }
        // Nobody waits for the tree.
        tree?.append(batch.bytes)
        if unsyncedSince == nil { noteSynced() }
        batch.truncate(to: 0)
    }

    private func put(first: UInt64, next: UInt64, _ queue: CommitQueue) throws(SystemError) {
        if segment.isDetached { try restore(queue) }
        if isSegmentFull {
            try finishSegment(before: first, queue)
            // Finishing has synced all before this batch, also what `interval` had left.
            watermark.durable = first
            noteSynced()
        }
        try segment.write(batch.bytes, first, next: next)
        unsyncedSince = unsyncedSince ?? clock.now()
        if options.durability == .strict || (options.durability != .none && isSyncDue) { try sync(upTo: next, queue) }
        if options.durability == .none {
            segment.keep()
            watermark.durable = next
        }
    }

    private func sync(upTo next: UInt64, _ queue: CommitQueue) throws(SystemError) {
        let began = ContinuousClock.now
        do throws(SystemError) {
            try segment.sync()
            meter.synced(in: ContinuousClock.now - began)
        } catch {
            guard segment.isDetached else { throw error }
            // What stands at its place again is durable there.
            do throws(SystemError) {
                try restore(queue)
            } catch {
                throw SystemError(SegmentWriter.syncCall, error.path, error.number)
            }
        }
        unsyncedSince = nil
        watermark.durable = next
    }

    /// All that the tree holds is durable: a head may cover it.
    private func noteSynced() {
        guard tree != nil else { return }
        tree?.keep()
        if let edge = tree?.edge { notary?.offer(edge) }
    }

    private var syncInterval: Int {
        if case .interval(let milliseconds) = options.durability { milliseconds } else { 1000 }
    }

    private var isSyncDue: Bool {
        unsyncedSince.map { clock.now().since($0) >= Int64(syncInterval) * 1000 } ?? false
    }

    private var isSegmentFull: Bool {
        segment.size >= options.segmentBytes
            || (segment.size > 0 && clock.now().since(segmentBegan) >= Int64(options.segmentSeconds) * 1_000_000)
    }

    private func finishSegment(before next: UInt64, _ queue: CommitQueue) throws(SystemError) {
        // Nobody would miss it any more once it is finished.
        segment.look()
        if segment.isDetached { try restore(queue) }
        try segment.finish()
        segmentBegan = clock.now()
        meter.finishedSegment()
        keeper.segmentEnded(before: next, tree?.edge)
    }

    private func rotate(_ queue: CommitQueue) {
        do throws(SystemError) {
            let acknowledged = queue.state.withLock { $0.acknowledged }
            try finishSegment(before: acknowledged, queue)
            unsyncedSince = nil
            watermark.durable = acknowledged
            noteSynced()
            queue.state.withLock { $0.rotations += 1 }
            queue.announce()
        } catch {
            fail(error, queue, first: queue.state.withLock { $0.acknowledged })
        }
    }

    /// Nothing came for a while: sync what `interval` left, or show that the log lives.
    private func idle(_ queue: CommitQueue) {
        if unsyncedSince != nil {
            if !isSyncAwaited { syncRest(queue) }
            return
        }
        guard options.writesOwnRecords, options.heartbeatSeconds > 0,
            clock.now().since(lastHeartbeat) >= Int64(options.heartbeatSeconds) * 1_000_000
        else { return }
        lastHeartbeat = clock.now()
        _ = queue.append(at: { self.clock.now() }) { lines, seq, time in
            let head = self.notary?.newest
            let control = Control(.heartbeat).with(.n, head?.size).with(.sha256, head?.root.hexadecimal)
            lines.append(Record(seq: seq, timestamp: time, body: .control(control)))
            return false
        }
    }

    /// The disk has refused: what is queued is held or given up, and those who wait are told.
    private func fail(_ error: SystemError, _ queue: CommitQueue, first: UInt64, isProbe: Bool = false) {
        meter.failed()
        segment.withdraw()
        unsyncedSince = nil
        let durable = min(first, watermark.durable)
        // No head is better than a wrong one: what `none` has written, nobody knows to be on the disk.
        if options.durability == .none || tree?.withdraw(to: durable) == false { tree = nil }
        let isNews = queue.refuse(
            error, &batch, first: first, since: batchSince, durable: durable, now: clock.now(), isProbe: isProbe)
        guard !isProbe else { return }
        queue.announce()
        if isNews { options.report?(.began(error)) }
    }

    /// Tries to write what is held, or else what a `gap` record would say now; when that is durable, the log is well again, and
    /// the gap's record is the next one.
    ///
    /// That draft is taken back: until the log is well, more gets lost than it says.
    private func probe(_ queue: CommitQueue) {
        batch.truncate(to: 0)
        let held = queue.takeHeld(&batch)
        let (began, written) = (ContinuousClock.now, segment.written)
        let first = held?.lowerBound ?? queue.draftGap(&batch, now: clock.now())
        do throws(SystemError) {
            if segment.isDetached { try restore(queue) }
            try segment.write(batch.bytes, first, next: held?.upperBound ?? first + 1)
            if held != nil { try sync(upTo: held?.upperBound ?? first, queue) } else { try segment.tryOut() }
        } catch {
            if held == nil { batch.truncate(to: 0) }
            return fail(error, queue, first: first, isProbe: true)
        }
        if let held {
            meter.committed(
                records: UInt64(held.count), lineBytes: batch.count, bytes: segment.written - written,
                in: ContinuousClock.now - began)
            tree?.append(batch.bytes)
            noteSynced()
        }
        batch.truncate(to: 0)
        let told = queue.acknowledge(held?.upperBound ?? first, endsTrouble: true) { clock.now() }
        queue.announce()
        if let told { options.report?(.ended(lost: told)) }
    }

    // MARK: The disk and the file

    /// Where calls are denied for want of room, they are not for long once there is some.
    private var checkMilliseconds: Int {
        isShort ? min(options.checkMilliseconds, options.probeMilliseconds) : options.checkMilliseconds
    }

    /// About once a second: whether the active file is where it belongs, and whether there is room.
    private func check(_ queue: CommitQueue) {
        guard checkMilliseconds > 0, ContinuousClock.now - lastCheck >= .milliseconds(checkMilliseconds) else { return }
        lastCheck = .now
        segment.look()
        let (acknowledged, isBroken) = queue.state.withLock { ($0.acknowledged, $0.trouble != nil) }
        if segment.isDetached, !isBroken {
            do throws(SystemError) {
                try restore(queue)
            } catch {
                fail(error, queue, first: acknowledged)
            }
        }
        guard space.look(), isShort else { return }
        isShort = false
        queue.endShortage(now: clock.now())
    }

    /// Puts the active file back to its place, and says so.
    private func restore(_ queue: CommitQueue) throws(SystemError) {
        let bytes = try segment.restore()
        let name = LogDirectory.segmentName(segment.first)
        if options.purpose != .imported {
            queue.note(
                Control(.logRecovered).with(.segment, name).with(.bytes, bytes)
                    .with(.reason, "the active file was removed or replaced; all its bytes stand there again"),
                now: clock.now())
        }
        options.report?(.fileRestored(segment: name, bytes: bytes))
    }

    /// Frees the reserve for a batch that a full disk has refused; false where that cannot help.
    ///
    /// From now on calls follow the fail policy, so that what is left is for what else happens.
    private func openReserve(for error: SystemError, _ queue: CommitQueue, first: UInt64) -> Bool {
        let isWritten = error.call == SegmentWriter.syncCall
        if isWritten, watermark.durable != first { return false }
        guard space.release() else { return false }
        do throws(SystemError) {
            if isWritten { segment.withdraw() } else { try segment.retract() }
        } catch {
            return false
        }
        isShort = true
        queue.beginShortage(error, now: clock.now())
        options.report?(.reserveOpened(error))
        return true
    }

    // MARK: The end

    private func close(_ queue: CommitQueue) {
        syncRest(queue)
        // What was lost is told, if the disk lets us.
        if queue.state.withLock({ $0.trouble != nil }) { probe(queue) }
        queue.endEpisodeToClose(now: clock.now())
        while case .commit(let first, let next)? = take(queue) { commit(first: first, next: next, queue) }
        syncRest(queue)
        segment.leave()
        queue.state.withLock { $0.isClosed = true }
        queue.announce()
    }

    private func syncRest(_ queue: CommitQueue) {
        guard unsyncedSince != nil else { return }
        let acknowledged = queue.state.withLock { $0.acknowledged }
        do throws(SystemError) {
            try sync(upTo: acknowledged, queue)
            noteSynced()
        } catch {
            fail(error, queue, first: watermark.durable)
        }
    }
}
