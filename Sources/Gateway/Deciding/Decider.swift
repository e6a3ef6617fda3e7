import AuditLog
import Events
import Policy

/// The limits' counters, of all policies, and the brakes that are on.
///
/// They are touched only inside the log's critical section (`LogWriter.append`), which fixes a decision's time and
/// place: so the order in which limits were charged is the order of the log, and a replay decides alike. That section
/// is what makes this class safe to share. A reload of policies keeps them: a limit is told apart by its policy's name
/// and what it counts, not by its maximum.
final class Decider: @unchecked Sendable {
    private var counters = LimitCounters()
    private var brakes: [BrakeKey: EngagedBrake] = [:]

    /// Decides a call and records it, in one critical section of the log.
    ///
    /// What needs no counter is looked at before that.
    ///
    /// - Parameters:
    ///   - decision: what is known of the call; completed here.
    ///   - policy: nil denies every call, or lets all pass when `observing`.
    ///   - mayBeHeld: whether the call may go on, for a while, though its record cannot be made durable.
    ///   - log: the log, with its clock.
    /// - Returns: nil where the log cannot write.
    func settle(
        _ decision: inout Decision, _ call: Call, under policy: CompiledPolicy?, observing: Bool = false,
        mayBeHeld: Bool = false, in log: LogWriter, _ clock: any LogClock
    ) -> Settlement? {
        guard let policy else {
            return settle(&decision, mayBeHeld, in: log, clock) { _ in .withoutPolicy(observing: observing) }
        }
        let examined = policy.examine(call)
        return settle(&decision, mayBeHeld, in: log, clock) { now in
            policy.decide(examined, brake: brake(on: call), counters: &counters, now: now)
        }
    }

    /// The brake that is on for a call's agent and tool; allocates nothing.
    private func brake(on call: Call) -> EngagedBrake? {
        guard !brakes.isEmpty, let agent = call.caller.agent else { return nil }
        return brakes[BrakeKey(agent: agent, server: call.caller.server, tool: call.tool)]
    }

    /// Replaces the brakes that are on; to be called inside `LogWriter.exclusively` only.
    func engage(_ brakes: [BrakeKey: EngagedBrake]) {
        self.brakes = brakes
    }

    private func settle(
        _ decision: inout Decision, _ mayBeHeld: Bool, in log: LogWriter, _ clock: any LogClock,
        _ judge: (Timestamp) -> PolicyVerdict
    ) -> Settlement? {
        var (decided, cost, isCharged) = (Timestamp(microseconds: 0), Int?.none, false)
        var refusal: PolicyVerdict?
        let ticket = log.append(&decision, mayBeHeld: mayBeHeld) { now, decision in
            // A constant: a variable that closures share would be copied whole at each look at it.
            let verdict = judge(now)
            verdict.write(to: &decision)
            // The log's clock, and never behind its last record.
            decision.decideMicroseconds = Int(max(0, clock.now().since(now)))
            (decided, cost) = (now, verdict.cost)
            isCharged = verdict.verdict == .allow && verdict.limit != nil
            let passes = verdict.passes
            if !passes { refusal = verdict }
            return passes
        }
        guard let ticket else { return nil }
        return Settlement(ticket: ticket, decided: decided, cost: cost, isCharged: isCharged, refusal: refusal)
    }

    /// Gives back what a call that was never forwarded had taken; to be called inside `LogWriter.append` only.
    func giveBack(_ reservation: Reservation, under policy: CompiledPolicy, now: Timestamp) {
        counters.giveBack(reservation, under: policy, now: now)
    }

    /// Charges what the log says was taken before this process began; before the first decision only.
    ///
    /// - Parameter policy: the policy of this name, as it is now.
    func restore(_ reservations: [LogHistory.Taking], _ policy: (String) -> CompiledPolicy?) {
        for taking in reservations {
            if let policy = policy(taking.policy) { counters.restore(taking.reservation, under: policy) }
        }
    }
}

/// What was decided about a call, as far as its further way depends on it.
struct Settlement {
    /// The record's.
    let ticket: LogTicket
    /// The record's time.
    let decided: Timestamp
    /// What limits with `increment_from` counted.
    let cost: Int?
    /// Whether limits were charged for it.
    let isCharged: Bool
    /// What the caller is told; nil where the call passes.
    let refusal: PolicyVerdict?
}

extension CompiledPolicy {
    /// Whether lists of tools have to be changed before a client may see them.
    var hidesTools: Bool { !document.hide.isEmpty && document.mode == .enforce }
}
