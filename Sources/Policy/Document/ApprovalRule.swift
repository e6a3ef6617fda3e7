/// Each call of a tool waits for a person: `"approval": { "timeout": "30m", "on_timeout": "deny" }`.
public struct ApprovalRule: Sendable, Equatable {
    /// What becomes of a call that nobody decided about.
    public enum TimeOutAction: String, Sendable, CaseIterable {
        /// It is denied: silence is no consent.
        case deny
    }

    /// Seconds from the call on within which a person has to decide, and an approval has to be used.
    public let timeoutSeconds: Int
    /// What becomes of a call that nobody decided about.
    public let onTimeout: TimeOutAction
    /// What the caller of a held call is told, besides how to go on.
    public let reason: String?

    /// What may be under `timeout`, in seconds: ten seconds to seven days.
    static let timeoutRange = 10...604_800
    /// The shorthand's time-out, in seconds: half an hour.
    static let shorthandTimeout = 1800
}
