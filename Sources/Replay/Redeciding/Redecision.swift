public import Events

/// What deciding a log again came to.
public struct Redecision: Sendable, Equatable {
    /// A verdict that does not recompute.
    public struct Difference: Sendable, Equatable {
        /// The decision's record.
        public var seq: UInt64
        /// Who called.
        public var agent: String?
        /// The tool.
        public var tool: String
        /// What the record says.
        public var recorded: Verdict
        /// The rule that the record names.
        public var recordedRule: String?
        /// What the policy says; nil where the record's facts are not those of the policy that it names.
        public var recomputed: Verdict?
        /// The rule that decides.
        public var recomputedRule: String?
        /// The record's fields that are others, in the order of the record.
        public var fields: [String]
    }

    /// Records that were read.
    public internal(set) var records = 0
    /// Verdicts that came out as recorded.
    public internal(set) var recomputed = 0
    /// Verdicts that did not.
    public internal(set) var different = 0
    /// The first of those.
    public internal(set) var first: Difference?
    /// Decisions that are not a policy's: about no tool, made without a policy or before one was asked, or by a person.
    public internal(set) var notThePolicys = 0
    /// Verdicts that hang on what limits counted in records that are gone.
    public internal(set) var unjudged = 0
    /// Verdicts by policies that are not kept beside the log, by digest.
    public internal(set) var withoutPolicy: [Digest64: Int] = [:]

    /// Verdicts that could be judged.
    public var judged: Int { recomputed + different }
    /// Whether everything that could be judged came out as recorded, and no policy is missing.
    public var isWhole: Bool { different == 0 && withoutPolicy.isEmpty }
}

extension Redecision: CustomStringConvertible {
    /// `48213 of 48213 verdicts recompute; 1787 decisions are not the policy's`, and what else there is to say.
    public var description: String {
        var text = "\(recomputed) of \(judged) verdicts recompute; \(notThePolicys) decisions are not the policy's"
        if unjudged > 0 { text += "; \(unjudged) could not be judged, for records that their limits counted are gone" }
        for (digest, count) in withoutPolicy.sorted(by: { $0.key.description < $1.key.description }) {
            text += "; \(count) are by policy \(digest), which is not kept beside the log"
        }
        return text
    }
}

extension Redecision.Difference: CustomStringConvertible {
    /// `seq 48 (t by a): recorded allow, recomputed throttle by /tools/t/limits/m; others are decision, reason, rule`.
    public var description: String {
        let who = agent.map { " by \($0)" } ?? ""
        let was = recorded.rawValue + (recordedRule.map { " by \($0)" } ?? "")
        guard let recomputed else {
            return
                "seq \(seq) (\(tool)\(who)): recorded \(was), but its facts are not those of the policy that it names"
        }
        let found = recomputed.rawValue + (recomputedRule.map { " by \($0)" } ?? "")
        let others = fields.joined(separator: ", ")
        return "seq \(seq) (\(tool)\(who)): recorded \(was), recomputed \(found); what differs: \(others)"
    }
}
