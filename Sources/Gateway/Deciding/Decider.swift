import AuditLog
import Events
import Policy
import StrictJSON

/// The policy and its counters.
///
/// The counters are touched only inside the log's critical section (`LogWriter.append`), which fixes a decision's time
/// and place: so the order in which limits were charged is the order of the log, and a replay decides alike. That
/// section is what makes this class safe to share.
final class Decider: @unchecked Sendable {
    /// The policy; nil observes.
    let policy: CompiledPolicy?
    private var counters = LimitCounters()

    init(policy: CompiledPolicy?) {
        self.policy = policy
    }

    /// Looks at all of a call that needs no counter; nil without a policy.
    func examine(_ call: Call) -> Examination? {
        policy?.examine(call)
    }

    /// Decides a call; to be called inside `LogWriter.append` only.
    func decide(_ call: Examination?, now: Timestamp) -> PolicyVerdict {
        guard let policy, let call else { return .withoutPolicy(observing: true) }
        return policy.decide(call, counters: &counters, now: now)
    }

    /// Gives back what a call that was never forwarded had taken; to be called inside `LogWriter.append` only.
    func giveBack(_ reservation: Reservation, now: Timestamp) {
        guard let policy else { return }
        counters.giveBack(reservation, under: policy, now: now)
    }

    /// Charges what the log says was taken before this process began; before the first decision only.
    func restore(_ reservations: [Reservation]) {
        guard let policy else { return }
        for reservation in reservations { counters.restore(reservation, under: policy) }
    }
}

extension CompiledPolicy {
    /// Whether the policy's owner wrote this tool's name.
    func names(_ tool: String) -> Bool {
        document.tools.contains { $0.name == tool } || document.hide.contains(tool)
    }
}
