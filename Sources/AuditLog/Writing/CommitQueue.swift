import Events

/// The records between the producers and the committer, and what both know of each other.
final class CommitQueue: Sendable {
    /// A wall clock that is set back by more begins a new segment, in microseconds.
    static let tolerableStep: Int64 = 5_000_000

    struct State: ~Copyable {
        /// Lines that the committer has not taken.
        var pending = LineBuffer()
        /// Whether somebody waits for a pending line, or soon will.
        var isUrgent = false
        /// Whether the committer waits for any line at all; else it looks by itself before long, or was woken.
        var isCommitterAsleep = false
        /// The seq of the first pending line.
        var pendingFirst: UInt64
        /// How many batches the committer has taken.
        var batches = 0
        /// The time of the first pending line.
        var pendingSince: Timestamp?
        var nextSeq: UInt64
        var lastTimestamp: Timestamp?
        /// All seqs below are acknowledged.
        var acknowledged: UInt64
        /// For each time that records were withdrawn: the first seq that was.
        var withdrawals: [UInt64] = []
        /// Why nothing can be written just now.
        var trouble: SystemError?
        /// What is not as it should be; where there is `trouble`, there is this.
        var episode: Episode?
        /// Bytes of held lines that the committer tries to write just now, and gives back where it cannot.
        var tried = 0
        /// `gap` records that are queued and not durable.
        var told: [ToldLoss] = []
        /// Records given up that no `gap` record tells yet, and since when.
        var lost = 0
        var lostSince: Timestamp?
        var rotates = false
        /// How many segments were ended because somebody asked.
        var rotations = 0
        var isClosing = false
        var isClosed = false
    }

    /// Where who waits: each is woken only for what may end the wait.
    ///
    /// While one batch is being synced those of the next one gather, so that two rooms for batches are enough.
    enum Room {
        /// For room in the queue, the end of a segment, the end of all.
        static let others = 0
        static let committer = 1

        static func batch(_ number: Int) -> Int { 2 + (number & 1) }
    }

    let state: Monitor<State>
    /// Who is told of every change of what is acknowledged, on the committer's thread.
    ///
    /// A function in a structure: one that is a generic's own value gets wrapped anew at every access.
    struct Observer {
        let notice: @Sendable () -> Void
    }

    let observer = Monitor<Observer?>(nil)
    let queueBytes: Int
    let hold: LogHold?

    init(nextSeq: UInt64, lastTimestamp: Timestamp?, queueBytes: Int, hold: LogHold? = nil) {
        self.queueBytes = queueBytes
        self.hold = hold
        state = Monitor(
            State(pendingFirst: nextSeq, nextSeq: nextSeq, lastTimestamp: lastTimestamp, acknowledged: nextSeq),
            rooms: 4)
    }

    /// Appends the line that `write` writes; what it returns says whether somebody will wait for it.
    ///
    /// - Parameter mayBeHeld: whether the call whose record it is may go on while the disk takes no records; nil for what is
    ///   no call.
    func append(
        mayBeHeld: Bool? = nil, at clock: () -> Timestamp, _ write: (inout LineBuffer, UInt64, Timestamp) -> Bool
    ) -> LogTicket? {
        var ticket: LogTicket?
        var wakes = false
        // A full queue slows the producer down; it never drops a record.
        let waited = state.wait { state -> Bool? in
            if state.isClosing { return true }
            var (isHeld, isCounted) = (false, false)
            if let episode = state.episode {
                guard admits(&state, mayBeHeld, now: clock()) else {
                    state.lost += 1
                    return true
                }
                isCounted = mayBeHeld == true
                isHeld = isCounted && (state.trouble != nil || episode.isStalled)
            }
            guard state.pending.count < queueBytes else { return nil }
            let time = clock()
            let timestamp = state.lastTimestamp.map { max($0, time) } ?? time
            ticket = LogTicket(
                seq: state.nextSeq, generation: state.withdrawals.count, mayBeHeld: mayBeHeld ?? false,
                isCounted: isCounted, isHeld: isHeld)
            wakes = add(&state, timestamp, write)
            return true
        }
        if waited == true, wakes { state.wakeAll(in: Room.committer) }
        return ticket
    }

    /// Runs `body` where no record is being appended.
    func exclusively(_ body: () -> Void) {
        state.withLock { _ in body() }
    }

    /// Appends what belongs to an earlier record; where that was withdrawn, or nothing can be written, `orElse` runs in
    /// the same critical section instead.
    func append(
        after ticket: LogTicket, at clock: () -> Timestamp, orElse: (Timestamp) -> Void,
        _ write: (inout LineBuffer, UInt64, Timestamp) -> Void
    ) {
        let wakes = state.wait { state -> Bool? in
            let time = clock()
            let timestamp = state.lastTimestamp.map { max($0, time) } ?? time
            let isWithdrawn =
                ticket.generation < state.withdrawals.count && ticket.seq >= state.withdrawals[ticket.generation]
            let isRefused = !admits(&state, nil, now: time)
            guard !isWithdrawn, !isRefused, !state.isClosing else {
                if isRefused { state.lost += 1 }
                orElse(timestamp)
                return false
            }
            guard state.pending.count < queueBytes else { return nil }
            return add(&state, timestamp) { lines, seq, time in
                write(&lines, seq, time)
                return false
            }
        }
        if wakes == true { state.wakeAll(in: Room.committer) }
    }

    /// Queues one record; gives whether the committer has to hear of it.
    func add(
        _ state: inout State, _ timestamp: Timestamp, _ write: (inout LineBuffer, UInt64, Timestamp) -> Bool
    ) -> Bool {
        let wasEmpty = state.pending.count == 0
        if wasEmpty { state.pendingSince = timestamp }
        state.lastTimestamp = timestamp
        let isUrgent = write(&state.pending, state.nextSeq, timestamp)
        let becomesUrgent = isUrgent && !state.isUrgent
        if isUrgent { state.isUrgent = true }
        state.nextSeq += 1
        return (wasEmpty && state.isCommitterAsleep) || becomesUrgent
    }

    /// Lets what is queued end the segment, so that the next record's time may be before the last one's; false while the log
    /// cannot write.
    func beginSegment() -> Bool {
        state.withLock { $0.rotates = true }
        state.wakeAll()
        return state.wait { state -> Bool? in
            if state.trouble != nil || state.isClosing { return false }
            guard !state.rotates, state.pending.count == 0 else { return nil }
            state.lastTimestamp = nil
            return true
        } ?? false
    }

    /// Wakes all who wait, and tells the observer.
    func announce() {
        state.wakeAll()
        observer.withLock { $0 }?.notice()
    }

    /// Wakes those who wait for the batch that was taken last, or for room in the queue, and tells the observer.
    func announceBatch() {
        state.wakeAll(in: Room.batch(state.withLock { $0.batches }))
        state.wakeAll(in: Room.others)
        observer.withLock { $0 }?.notice()
    }

    /// How far commits have come.
    var progress: CommitProgress {
        state.withLock { CommitQueue.progress($0) }
    }

    static func progress(_ state: borrowing State) -> CommitProgress {
        CommitProgress(
            acknowledged: state.acknowledged, withdrawals: state.withdrawals, isRefused: state.trouble != nil,
            isClosed: state.isClosed)
    }

    func wait(for ticket: LogTicket, milliseconds: Int) -> CommitResult {
        if ticket.isHeld { return .held }
        return state.wait(
            milliseconds: milliseconds,
            in: { Room.batch(ticket.seq >= $0.pendingFirst ? $0.batches + 1 : $0.batches) }
        ) { state -> CommitResult? in
            if let result = CommitQueue.progress(state).result(of: ticket) { return result }
            if ticket.seq >= state.pendingFirst, !state.isUrgent {
                state.isUrgent = true
                self.state.wakeAll(in: Room.committer)
            }
            return nil
        } ?? .timedOut
    }
}
