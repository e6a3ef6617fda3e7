import Events

/// A time in which calls cannot be recorded as they should: the disk refuses, is full, or hangs.
///
/// It ends by itself, and a `gap` record says exactly what was lost in it.
struct Episode {
    let began: Timestamp
    /// Calls that went on, or were recorded, by the operator's leave (`LogOptions.hold`).
    var events = 0
    /// A call's wait has expired, and no commit has succeeded since.
    var isStalled = false
    /// The reserve is in use: calls must not eat it up.
    var shortage: SystemError?
    /// What the `gap` record gives as its reason.
    var reason: String
}

/// What a `gap` record tells that is not durable yet.
struct ToldLoss {
    let seq: UInt64
    let lost: Int
    let since: Timestamp?
}

extension CommitQueue {
    /// Whether a record may be queued in the episode; counts it where it is a call's.
    ///
    /// - Parameter mayBeHeld: nil for what is no call.
    func admits(_ state: inout State, _ mayBeHeld: Bool?, now: Timestamp) -> Bool {
        guard let episode = state.episode else { return true }
        // A full queue slows nobody down now: it may be long until it is emptied.
        guard state.pending.count + state.tried < queueBytes else { return false }
        guard let mayBeHeld else { return state.trouble == nil || hold != nil }
        guard mayBeHeld, let hold, episode.events < hold.events,
            now.since(episode.began) < Int64(hold.milliseconds) * 1000
        else { return false }
        state.episode?.events += 1
        return true
    }

    /// Ends a call's wait for its commit: what of it is known by now, or else whether it may go on all the same.
    ///
    /// From the first that expires until a commit succeeds, calls are denied (or held) at once.
    func endWait(for ticket: LogTicket, now: Timestamp) -> (result: CommitResult, beginsStall: Bool) {
        state.withLock { state in
            let known = CommitQueue.progress(state).result(of: ticket)
            if let known, known != .timedOut { return (known, false) }
            var begins = false
            if state.trouble == nil, state.episode?.isStalled != true {
                begins = true
                begin(&state, at: now, "a commit took too long")
                state.episode?.isStalled = true
            }
            return (admits(&state, ticket.mayBeHeld, now: now) ? .held : .timedOut, begins)
        }
    }

    /// Takes note that all below `next` is acknowledged; gives how many records were lost where a `gap` record that says so
    /// is durable with it.
    func acknowledge(_ next: UInt64, endsTrouble: Bool = false, at clock: () -> Timestamp) -> Int? {
        state.withLock { state in
            state.acknowledged = next
            guard state.episode != nil || !state.told.isEmpty else { return nil }
            let told = state.told.filter { $0.seq < next }
            state.told.removeAll { $0.seq < next }
            if endsTrouble { state.trouble = nil }
            state.tried = 0
            state.episode?.isStalled = false
            endEpisode(&state, now: clock())
            return told.isEmpty ? nil : told.reduce(0) { $0 + $1.lost }
        }
    }

    /// The disk has refused a batch; gives whether that is news.
    ///
    /// Where calls may be held, all that is queued stays so, in its order. Else what is not durable is given up and counted.
    /// A seq that was never durable was never seen by anybody, so the numbers begin again where the durable ones end.
    func refuse(
        _ error: SystemError, _ batch: inout LineBuffer, first: UInt64, since: Timestamp?, durable: UInt64,
        now: Timestamp, isProbe: Bool
    ) -> Bool {
        state.withLock { state in
            let wasWell = state.trouble == nil
            begin(&state, at: now, "\(error.call) failed")
            state.trouble = error
            state.episode?.isStalled = false
            state.tried = 0
            if hold != nil, durable == (batch.count > 0 ? first : state.pendingFirst) {
                if batch.count > 0 {
                    batch.append(state.pending.bytes)
                    swap(&batch, &state.pending)
                    state.pendingFirst = first
                    state.pendingSince = since
                }
            } else {
                var gone = Int(state.nextSeq - durable)
                for told in state.told where told.seq >= durable {
                    state.lost += told.lost
                    state.lostSince = told.since ?? state.lostSince
                    gone -= 1
                }
                state.told.removeAll { $0.seq >= durable }
                state.lost += gone
                state.lostSince = state.lostSince ?? since ?? state.lastTimestamp
                state.pending.truncate(to: 0)
                // In a probe there is nothing that anybody waits for.
                if !isProbe { state.withdrawals.append(durable) }
                state.nextSeq = durable
                state.pendingFirst = durable
            }
            batch.truncate(to: 0)
            state.acknowledged = durable
            return wasWell
        }
    }

    /// Takes what is held; nil where nothing is.
    func takeHeld(_ batch: inout LineBuffer) -> Range<UInt64>? {
        state.withLock { state in
            guard state.pending.count > 0 else { return nil }
            swap(&batch, &state.pending)
            state.tried = batch.count
            defer { state.pendingFirst = state.nextSeq }
            return state.pendingFirst..<state.nextSeq
        }
    }

    /// Writes down what the record of what was lost would say now; gives the seq that it would have.
    ///
    /// Nothing is queued.
    func draftGap(_ batch: inout LineBuffer, now: Timestamp) -> UInt64 {
        state.withLock { state in
            if let episode = state.episode {
                let (gap, time) = CommitQueue.gap(state, episode, now: now)
                batch.append(Record(seq: state.nextSeq, timestamp: time, body: .control(gap)))
            }
            return state.nextSeq
        }
    }

    /// The disk is full; from now on calls are not recorded, so that there is room for what else happens.
    func beginShortage(_ error: SystemError, now: Timestamp) {
        state.withLock { state in
            begin(&state, at: now, "\(error.call) failed")
            state.episode?.shortage = error
        }
    }

    /// There is room again.
    func endShortage(now: Timestamp) {
        state.withLock { state in
            state.episode?.shortage = nil
            endEpisode(&state, now: now)
        }
    }

    /// Queues the record of what was lost so far, because the log is closing.
    func endEpisodeToClose(now: Timestamp) {
        state.withLock { state in
            state.episode?.shortage = nil
            state.episode?.isStalled = false
            endEpisode(&state, now: now)
        }
    }

    /// Queues a record of the log's own, from the committer's thread: never waits for room.
    func note(_ control: Control, now: Timestamp) {
        state.withLock { state in
            let time = state.lastTimestamp.map { max($0, now) } ?? now
            _ = add(&state, time) { lines, seq, time in
                lines.append(Record(seq: seq, timestamp: time, body: .control(control)))
                return false
            }
        }
    }

    private func begin(_ state: inout State, at now: Timestamp, _ reason: String) {
        if state.episode == nil { state.episode = Episode(began: now, reason: reason) }
    }

    private func endEpisode(_ state: inout State, now: Timestamp) {
        guard let episode = state.episode, state.trouble == nil, !episode.isStalled, episode.shortage == nil else {
            return
        }
        let (gap, time) = CommitQueue.gap(state, episode, now: now)
        state.told.append(ToldLoss(seq: state.nextSeq, lost: state.lost, since: state.lostSince))
        _ = add(&state, time) { lines, seq, time in
            lines.append(Record(seq: seq, timestamp: time, body: .control(gap)))
            return true
        }
        state.lost = 0
        state.lostSince = nil
        state.episode = nil
    }

    private static func gap(
        _ state: borrowing State, _ episode: Episode, now: Timestamp
    ) -> (gap: Control, time: Timestamp) {
        let time = state.lastTimestamp.map { max($0, now) } ?? now
        let gap = Control(.gap).with(.from, (state.lostSince ?? episode.began).description).with(.to, time.description)
            .with(.n, state.lost).with(.reason, episode.reason)
        return (gap, time)
    }
}
