public import Events
public import Policy

/// A policy proposed from the use that was made, with its evidence.
public struct Recommendation: Sendable {
    /// A proposed limit, and why it is as it is.
    public struct Evidence: Sendable, Equatable {
        /// The tool.
        public var tool: String
        /// The limit's name.
        public var counter: String
        /// The window, in seconds.
        public var windowSeconds: Int
        /// Whom it counts together.
        public var scope: LimitScope
        /// The most that a window may hold.
        public var maximum: Int
        /// Benign calls seen.
        public var calls: Int
        /// Callers, as the scope tells them apart, who made them.
        public var callers: Int
        /// Windows that held any of them.
        public var windows: Int
        /// The 99.9th percentile of what a window held.
        public var percentile: Int
        /// The most that any window held.
        public var largest: Int
        /// What the maximum would be but for benign calls that share a window with an incident; nil where it is that.
        public var raisedFrom: Int?
        /// Calls of the log that were allowed and that the limit would refuse; all of them are named by findings.
        public var denied: Int
    }

    /// A tool that the policy does not list.
    public struct LeftOut: Sendable, Equatable {
        /// Its name.
        public var tool: String
        /// How often it was asked for.
        public var attempts: Int
        /// Why it is left out.
        public var why: String
    }

    /// The policy as a document for people: a tool a line.
    public var text: String
    /// The document.
    public var document: PolicyDocument
    /// The limits' evidence, in the policy's order.
    public var evidence: [Evidence]
    /// Tools that were asked for and are not listed.
    public var leftOut: [LeftOut]
    /// Calls that were looked at.
    public var calls: Int
    /// Findings whose calls are no evidence.
    public var findings: Int
    /// The first call's time.
    public var first: Timestamp?
    /// The last call's time.
    public var last: Timestamp?
}

extension Recommendation.Evidence: CustomStringConvertible {
    /// One line: what was seen, and what the limit would have refused.
    public var description: String {
        let window = windowSeconds == 60 ? "minute" : windowSeconds == 3600 ? "hour" : "\(windowSeconds) s"
        let raised = raisedFrom.map { ", raised from \($0): benign calls share its window with an incident" } ?? ""
        let seen =
            "\(windows) \(windows == 1 ? "window" : "windows") of \(callers) \(callers == 1 ? "caller" : "callers")"
        return """
            \(maximum) per \(window) and \(scope.rawValue): \(seen), \
            99.9 % of them at most \(percentile), the largest \(largest)\(raised); would have refused \(denied)
            """
    }
}
