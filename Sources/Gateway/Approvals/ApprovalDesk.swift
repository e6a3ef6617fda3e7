import AuditLog
import Events
import Policy

/// The calls that wait for a person, and the approvals that wait for their call.
///
/// In memory only: what a process leaves behind is ended by the next one's start, for an approval that outlived its
/// callers' connections would be easy to use twice. Any thread; a thread of its own keeps the time.
final class ApprovalDesk: Sendable {
    /// The most calls of one owner that wait at once.
    static let mostPerOwner = 10
    /// The most calls that wait at once.
    static let most = 100
    /// How often a caller that asked for progress hears that it waits.
    private static let noticeInterval = Duration.seconds(10)

    struct State {
        var calls: [UInt64: HeldCall] = [:]
        var isClosed = false
        /// Counts what the keeper of time has to know of.
        var changes = 0
    }

    let log: LogWriter
    /// How long a request is held open.
    private let patience: Duration
    let state = Monitor(State())
    private let isTimed = Monitor(false)

    /// - Parameter patience: how long a request is held open before its caller has to call again.
    init(log: LogWriter, patience: Duration) {
        self.log = log
        self.patience = patience
    }

    /// How many calls wait for a person.
    var count: Int { state.withLock { state in state.calls.values.count { $0.state == .pending } } }

    // MARK: Callers

    /// How a call stands that needs an approval.
    ///
    /// - Returns: with `.approved`, the held call that this one goes on with: its approval is used up.
    func standing(of key: HoldKey) -> (standing: ApprovalStanding, used: HeldCall?) {
        let now = ContinuousClock.now
        return state.withLock { state in
            let own = state.calls.values.filter { $0.key == key && $0.waiter == nil && $0.deadline > now }
            let approved = own.filter { !$0.approver.isEmpty }.min { $0.id < $1.id }
            if let approved {
                state.calls[approved.id] = nil
                return (.approved(by: approved.approver), approved)
            }
            if own.contains(where: { $0.state == .pending }) { return (.unasked, nil) }
            // Many at once would teach people to approve without looking.
            let ofOwner = state.calls.values.count { $0.key.owner == key.owner }
            let isFull =
                state.isClosed || state.calls.count >= ApprovalDesk.most || ofOwner >= ApprovalDesk.mostPerOwner
            return (isFull ? .full : .unasked, nil)
        }
    }

    /// Keeps a call until a person has decided about it; one that was made before, and whose caller was told to call again, goes
    /// on waiting under its old name.
    ///
    /// - Parameters:
    ///   - decision: the hold's record.
    ///   - wantsNotices: whether `notify` is to hear every ten seconds that the call waits.
    ///   - notify: must not block.
    func hold(
        _ decision: Decision, seq: UInt64, at began: Timestamp, _ key: HoldKey, _ need: ApprovalNeed,
        wantsNotices: Bool = false, notify: @escaping @Sendable (HoldEnd) -> Void
    ) {
        let now = ContinuousClock.now
        let waiter = HoldWaiter(
            until: now + patience, notify: notify, nextNotice: wantsNotices ? now + ApprovalDesk.noticeInterval : nil)
        let call = HeldCall(
            id: seq, hold: seq, key: key, need: need, decision: decision, began: began,
            deadline: now + .seconds(need.timeoutSeconds), waiter: waiter)
        let over = state.withLock { state -> HeldCall? in
            if state.isClosed { return call }
            state.changes += 1
            let earlier = state.calls.values.filter {
                $0.key == key && $0.waiter == nil && $0.state == .pending && $0.deadline > now
            }
            guard let known = earlier.min(by: { $0.id < $1.id }) else {
                state.calls[seq] = call
                return nil
            }
            state.calls[known.id]?.hold = seq
            state.calls[known.id]?.decision = decision
            state.calls[known.id]?.waiter = waiter
            return known
        }
        keepTime()
        state.wakeAll()
        // Each hold has an end in the log.
        if let over { end(over, .approvalExpired, over.id == seq ? HeldCall.endedWithGateway : HeldCall.madeAgain) }
    }

    /// The caller of a hold has left: nothing is forwarded for it; the next call like it goes on where it was.
    func leave(hold seq: UInt64) {
        state.withLock { state in
            if let call = state.calls.values.first(where: { $0.hold == seq }) { state.calls[call.id]?.waiter = nil }
        }
    }

    /// Gives an approval back that found its caller gone.
    func giveBack(_ call: HeldCall) {
        var call = call
        call.waiter = nil
        let isClosed = state.withLock { state -> Bool in
            if !state.isClosed { state.calls[call.id] = call }
            state.changes += 1
            return state.isClosed
        }
        state.wakeAll()
        if isClosed { end(call, .approvalExpired, HeldCall.endedWithGateway) }
    }

    /// Ends all that waits of an owner whose grant is no more.
    func end(owner: String) {
        let own = state.withLock { state -> [HeldCall] in
            let own = state.calls.values.filter { $0.key.owner == owner && $0.state != .deciding }
            for call in own { state.calls[call.id] = nil }
            return own.sorted { $0.id < $1.id }
        }
        for call in own { end(call, .grantRevoked, "The grant that called is no longer valid.") }
    }

    // MARK: Time

    /// Starts the thread that keeps the time; a gateway whose policies hold nothing has none.
    private func keepTime() {
        isTimed.withLock { isTimed in
            guard !isTimed else { return }
            // Without a thread to be had the next hold tries again; until then nothing that is over is told, and nothing that is
            // over is approved or used.
            let thread = try? WorkerThread(named: "approvals") { [self] in
                while awaitNext() { for end in takeDue() { end() } }
            }
            isTimed = thread != nil
        }
    }

    /// Waits until something is due; false once the desk is closed.
    private func awaitNext() -> Bool {
        let (next, known) = state.withLock { state in
            let moments = state.calls.values.filter { $0.state != .deciding }.flatMap { call in
                [call.deadline, call.waiter?.until, call.waiter?.nextNotice].compactMap { $0 }
            }
            return (moments.min(), state.changes)
        }
        let milliseconds = next.map { max(1, Int(($0 - .now) / .milliseconds(1)) + 1) }
        return state.wait(milliseconds: milliseconds) { state -> Bool? in
            if state.isClosed { return false }
            return state.changes != known ? true : nil
        } ?? true
    }

    /// Takes out what is over, and gives what has to be done about it outside of the lock.
    private func takeDue() -> [() -> Void] {
        let now = ContinuousClock.now
        return state.withLock { state in
            var dues: [() -> Void] = []
            for var call in state.calls.values.sorted(by: { $0.id < $1.id }) where call.state != .deciding {
                if call.deadline <= now {
                    state.calls[call.id] = nil
                    let over = call
                    dues.append { self.end(over, .approvalExpired, ApprovalDesk.tooLate(over)) }
                } else if let waiter = call.waiter, waiter.until <= now {
                    call.waiter = nil
                    state.calls[call.id] = call
                    let parked = call
                    dues.append { waiter.notify(.callAgain(parked)) }
                } else if let notice = call.waiter?.nextNotice, notice <= now, let waiter = call.waiter {
                    call.waiter?.nextNotice = notice + ApprovalDesk.noticeInterval
                    state.calls[call.id] = call
                    let waited = (now - waiter.until + self.patience) / .seconds(1)
                    dues.append { waiter.notify(.waiting(seconds: Int(waited))) }
                }
            }
            return dues
        }
    }

    private static func tooLate(_ call: HeldCall) -> String {
        call.approver.isEmpty
            ? "Nobody approved this call in time."
            : "Approved by \(call.approver), and not called again in time."
    }

    // MARK: Ends

    /// Records that a held call is denied, and tells whoever waits.
    func end(_ call: HeldCall, _ reason: Reason, _ message: String) {
        let (decision, seq) = record(call, reason, message)
        call.waiter?.notify(.denied(decision, seq: seq))
    }

    private func record(_ call: HeldCall, _ reason: Reason, _ message: String) -> (Decision, seq: UInt64?) {
        var decision = HeldCall.denial(of: call.decision, hold: call.hold, reason, message)
        decision.rule = call.need.rule
        let ended = decision
        return (ended, log.append(isUrgent: false) { _, _ in .decision(ended) }?.seq)
    }

    /// Ends all that waits: the gateway takes no further requests.
    func close() {
        let left = state.withLock { state -> [HeldCall] in
            state.isClosed = true
            defer { state.calls = [:] }
            return state.calls.values.sorted { $0.id < $1.id }
        }
        state.wakeAll()
        for call in left { end(call, .approvalExpired, HeldCall.endedWithGateway) }
    }
}

extension HeldCall {
    /// What is recorded of a hold whose caller was told to call again, and did.
    static let madeAgain = "The call was made again, and waits as that."
    /// What is recorded of what was held when its gateway ended.
    static let endedWithGateway = "The gateway ended before anybody decided, or before the approval was used."

    /// The decision that ends a hold with a denial.
    static func denial(of held: Decision, hold: UInt64, _ reason: Reason, _ message: String) -> Decision {
        var decision = held
        (decision.verdict, decision.reason, decision.message) = (.deny, reason, message)
        decision.of = hold
        decision.decideMicroseconds = nil
        return decision
    }
}
