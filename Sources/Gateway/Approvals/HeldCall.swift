import Events
import Policy

/// A call that waits for a person, or an approval that waits for its call.
struct HeldCall: Sendable {
    /// Where it stands.
    enum State: Equatable {
        /// Nobody has decided.
        case pending
        /// Somebody has, and the record of it is being made durable.
        case deciding
        /// Somebody has approved; the next call of this key uses it up.
        case approved(by: String)
    }

    /// The first hold's seq, by which people name it.
    let id: UInt64
    /// The newest hold's seq, which the decision that ends it names.
    var hold: UInt64
    let key: HoldKey
    let need: ApprovalNeed
    /// The newest hold's record.
    var decision: Decision
    /// When it was held first.
    let began: Timestamp
    /// When it ends by itself.
    let deadline: ContinuousClock.Instant
    var state = State.pending
    /// Whoever holds the caller's request open; nil once it has been answered, or the caller has left.
    var waiter: HoldWaiter?

    /// Who approved it; empty before.
    var approver: String {
        if case .approved(let name) = state { name } else { "" }
    }
}

/// A caller's request that is held open.
struct HoldWaiter: Sendable {
    /// Until when; then its caller is told to call again.
    let until: ContinuousClock.Instant
    /// Goes on with the request; called on any thread, once with an end, and before with none or more `waiting`.
    let notify: @Sendable (HoldEnd) -> Void
    /// When it is told next that it still waits; nil where it does not want to be.
    var nextNotice: ContinuousClock.Instant?
}

/// What becomes of a request that is held open.
enum HoldEnd: Sendable {
    /// It is still waiting, for so many seconds by now.
    case waiting(seconds: Int)
    /// It is to be decided again, as an approved call.
    case approved(HeldCall)
    /// It is denied, as recorded.
    case denied(Decision, seq: UInt64?)
    /// It has been open for long enough; its caller is to call again.
    case callAgain(HeldCall)
}
