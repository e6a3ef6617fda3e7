import AuditLog
import Events
import Policy

/// The limits' counters, of all policies.
///
/// They are touched only inside the log's critical section (`LogWriter.append`), which fixes a decision's time and
/// place: so the order in which limits were charged is the order of the log, and a replay decides alike. That section
/// is what makes this class safe to share. A reload of policies keeps them: a limit is told apart by its policy's name
/// and what it counts, not by its maximum.
final class Decider: @unchecked Sendable {
    private var counters = LimitCounters()

    /// Decides a call that `policy` has examined; to be called inside `LogWriter.append` only.
    func decide(_ call: Examination, under policy: CompiledPolicy, now: Timestamp) -> PolicyVerdict {
        policy.decide(call, counters: &counters, now: now)
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

extension CompiledPolicy {
    /// Whether lists of tools have to be changed before a client may see them.
    var hidesTools: Bool { !document.hide.isEmpty && document.mode == .enforce }
}
