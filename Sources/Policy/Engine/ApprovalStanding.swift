import Events

/// How a call stands to a person's approval, where its tool needs one.
public enum ApprovalStanding: Sendable, Equatable {
    /// Nobody has been asked: the call is held.
    case unasked
    /// Nobody can be asked now: too many calls wait already.
    case full
    /// A person has approved it: the name that the record gives of whoever did.
    case approved(by: String)

    /// How a recorded call stood.
    init(_ decision: Decision) {
        if decision.of != nil {
            let text = decision.message ?? ""
            let isNamed = decision.reason == .approved && text.hasPrefix(ApprovalStanding.words)
            self = .approved(by: isNamed ? String(text.dropFirst(ApprovalStanding.words.count).dropLast()) : "")
        } else {
            self = decision.reason == .approval && decision.verdict == .throttle ? .full : .unasked
        }
    }

    private static let words = "Approved by "

    /// The record's text of a call that was approved; nil of any other.
    var message: String? {
        if case .approved(let name) = self { "\(ApprovalStanding.words)\(name)." } else { nil }
    }

    var isApproved: Bool { message != nil }
}

/// A tool's need of approval, made ready for deciding.
public struct ApprovalNeed: Sendable, Equatable {
    /// The rule's id.
    public let rule: String
    /// Seconds from the call on within which a person has to decide, and an approval has to be used.
    public let timeoutSeconds: Int
    /// The record's text of a held call.
    public let message: String

    init(_ approval: ApprovalRule, tool: String) {
        rule = RuleID.approval(tool)
        timeoutSeconds = approval.timeoutSeconds
        message = approval.reason ?? "A person has to approve each call of this tool."
    }
}

extension CompiledPolicy {
    /// Microseconds that an approval may take at the longest: how far back in the log held calls may be open.
    public var longestApproval: Int64 {
        Int64(document.tools.compactMap(\.rules.approval?.timeoutSeconds).max() ?? 0) * 1_000_000
    }

    /// Whether each call of a tool has to be approved by a person, and how; nil also where no call of it passes at all, or
    /// verdicts about it are not carried out.
    public func approval(ofTool name: String) -> ApprovalNeed? {
        let tool = tool(name)
        return tool.standing == .open && tool.mode == .enforce ? tool.approval : nil
    }
}
