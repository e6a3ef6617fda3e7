public import Events

/// What a candidate policy would have made of a log's calls.
public struct BacktestReport: Sendable, Equatable {
    /// What becomes of a call.
    public enum Change: String, Sendable, CaseIterable {
        /// It was allowed, and would be refused.
        case newlyDenied = "newly_denied"
        /// It was refused, and would be allowed.
        case newlyAllowed = "newly_allowed"
        /// The log does not say enough to tell.
        case unknown
    }

    /// Calls of one agent and tool that would become something else for one rule.
    public struct Row: Sendable, Hashable {
        /// What becomes of them.
        public var change: Change
        /// Who called; nil where the log does not know.
        public var agent: String?
        /// The tool.
        public var tool: String
        /// The rule: the candidate's that refuses, or the recorded one that refused; nil for what is unknown.
        public var rule: String?
        /// How many.
        public var calls: Int
    }

    /// A rule of the candidate that could not be looked at in all calls.
    public struct Gap: Sendable, Hashable {
        /// Its id.
        public var rule: String
        /// In how many calls the log does not say what it looks at.
        public var calls: Int
        /// How many calls it would have been looked at in.
        public var of: Int
    }

    /// Calls that were compared.
    public internal(set) var calls = 0
    /// Calls that are allowed or refused as they were.
    public internal(set) var unchanged = 0
    /// Calls whose verdict hangs on what the log does not say.
    public internal(set) var unknown = 0
    /// Calls that would be refused.
    public internal(set) var newlyDenied = 0
    /// Calls that would be allowed.
    public internal(set) var newlyAllowed = 0
    /// By change, agent, tool and rule; the most calls first.
    public internal(set) var rows: [Row] = []
    /// Rules that are not replayable, or not in all calls.
    public internal(set) var gaps: [Gap] = []
    /// Decisions that no policy changes: about no tool, or refused before one was asked.
    public internal(set) var notThePolicys = 0
    /// Calls that were held for a person; those approved are compared by what was decided then.
    public internal(set) var approvals = 0
    /// The first compared call's time.
    public internal(set) var first: Timestamp?
    /// The last compared call's time.
    public internal(set) var last: Timestamp?
}
