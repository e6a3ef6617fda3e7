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
    private let options: LogOptions
    private let clock: any LogClock
    private var batch = LineBuffer()
    private var segmentBegan: Timestamp
    /// When the first record came that is written and not synced.
    private var unsyncedSince: Timestamp?
    /// The time of the batch's first record.
    private var batchSince: Timestamp?
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
        keeper: LogKeeper, options: LogOptions, clock: any LogClock
    ) {
        self.segment = segment
        self.watermark = watermark
        self.tree = tree
        self.notary = notary
        self.keeper = keeper
        self.options = options
        self.clock = clock
        segmentBegan = clock.now()
        lastHeartbeat = segmentBegan
    }

    func run(_ queue: CommitQueue) {
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
        return take(queue) ?? (isBroken ? .probe : .idle)
    }

    private func awaitWork(_ queue: CommitQueue, isBroken: Bool) {
        let milliseconds =
            isBroken
            ? options.probeMilliseconds
            : unsyncedSince.map { max(1, syncInterval - Int(clock.now().since($0) / 1000)) }
                ?? options.heartbeatSeconds * 1000
        gather()
        let hasWork = queue.state.wait(milliseconds: milliseconds > 0 ? milliseconds : nil) { state -> Bool? in
            // A segment that somebody wants to end would be no reason to try again at once.
            if isBroken { return state.isClosing ? true : nil }
            return state.pending.count > 0 || state.rotates || state.isClosing ? true : nil
        }
        guard hasWork == true, !isBroken else { return }
        // What nobody waits for lingers, to share its sync with others.
        _ = queue.state.wait(milliseconds: options.lingerMilliseconds) { state -> Bool? in
            let isFull = state.pending.count >= BGZFMember.maximumPlaintext
            return state.isUrgent || isFull || state.rotates || state.isClosing ? true : nil
        }
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
        do throws(SystemError) {
            if isSegmentFull {
                try finishSegment(before: first)
                // Finishing has synced all before this batch, also what `interval` had left.
                watermark.durable = first
                noteSynced()
            }
            try segment.write(batch.bytes, first, next: next)
            unsyncedSince = unsyncedSince ?? clock.now()
            if options.durability == .strict || (options.durability != .none && isSyncDue) { try sync(upTo: next) }
            if options.durability == .none {
                segment.keep()
                watermark.durable = next
            }
        } catch {
            fail(error, queue, first: first)
            return
        }
        queue.state.withLock { $0.acknowledged = next }
        queue.announce()
        // Nobody waits for the tree.
        tree?.append(batch.bytes)
        if unsyncedSince == nil { noteSynced() }
        batch.truncate(to: 0)
    }

    private func sync(upTo next: UInt64) throws(SystemError) {
        try segment.sync()
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

    private func finishSegment(before next: UInt64) throws(SystemError) {
        try segment.finish()
        segmentBegan = clock.now()
        keeper.segmentEnded(before: next, tree?.edge)
    }

    private func rotate(_ queue: CommitQueue) {
        do throws(SystemError) {
            let acknowledged = queue.state.withLock { $0.acknowledged }
            try finishSegment(before: acknowledged)
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
        let acknowledged = queue.state.withLock { $0.acknowledged }
        if unsyncedSince != nil {
            do throws(SystemError) {
                try sync(upTo: acknowledged)
                noteSynced()
            } catch {
                fail(error, queue, first: watermark.durable)
            }
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

    /// Gives up all that is not durable, exactly counted, and lets those who wait know.
    ///
    /// A seq that was never durable was never seen by anybody, so the numbers begin again where the durable ones end.
    private func fail(_ error: SystemError, _ queue: CommitQueue, first: UInt64) {
        segment.withdraw()
        unsyncedSince = nil
        batch.truncate(to: 0)
        let durable = min(first, watermark.durable)
        // No head is better than a wrong one: what `none` has written, nobody knows to be on the disk.
        if options.durability == .none || tree?.withdraw(to: durable) == false { tree = nil }
        let wasWell = queue.state.withLock { state in
            defer { state.trouble = error }
            state.lost += Int(state.nextSeq - durable)
            state.lostSince = state.lostSince ?? batchSince ?? state.lastTimestamp
            state.pending.truncate(to: 0)
            state.withdrawals.append(durable)
            state.nextSeq = durable
            state.pendingFirst = durable
            state.acknowledged = durable
            return state.trouble == nil
        }
        queue.announce()
        if wasWell { options.report?(.began(error)) }
    }

    /// Tries to write the record of what was lost; when that is durable, the log is well again.
    private func probe(_ queue: CommitQueue) {
        let now = clock.now()
        let (seq, since, lost, trouble, time) = queue.state.withLock { state in
            let time = state.lastTimestamp.map { max($0, now) } ?? now
            return (state.nextSeq, state.lostSince, state.lost, state.trouble, time)
        }
        let gap = Control(.gap).with(.from, since?.description).with(.to, time.description).with(.n, lost)
            .with(.reason, trouble.map { "\($0.call) failed" })
        batch.truncate(to: 0)
        batch.append(Record(seq: seq, timestamp: time, body: .control(gap)))
        do throws(SystemError) {
            try segment.write(batch.bytes, seq, next: seq + 1)
            try segment.sync()
        } catch {
            segment.withdraw()
            batch.truncate(to: 0)
            return
        }
        watermark.durable = seq + 1
        tree?.append(batch.bytes)
        noteSynced()
        batch.truncate(to: 0)
        queue.state.withLock { state in
            state.trouble = nil
            // What was refused while the gap's record was being written is told by the next one.
            state.lost -= lost
            state.lostSince = state.lost > 0 ? time : nil
            state.lastTimestamp = time
            state.nextSeq = seq + 1
            state.pendingFirst = seq + 1
            state.acknowledged = seq + 1
        }
        queue.announce()
        options.report?(.ended(lost: lost))
    }

    private func close(_ queue: CommitQueue) {
        if unsyncedSince != nil {
            let acknowledged = queue.state.withLock { $0.acknowledged }
            do throws(SystemError) {
                try sync(upTo: acknowledged)
                noteSynced()
            } catch {
                fail(error, queue, first: watermark.durable)
            }
        }
        // What was lost is told, if the disk lets us.
        if queue.state.withLock({ $0.trouble != nil }) { probe(queue) }
        segment.leave()
        queue.state.withLock { $0.isClosed = true }
        queue.announce()
    }
}
