public import Events
public import Policy
import StrictJSON

/// One call to be explained: everything a policy looks at for it.
public struct ExplainedCall: Sendable {
    /// Why the arguments of a call cannot be used; says nothing of what is in them.
    public struct BadArguments: Error, Sendable, Equatable, CustomStringConvertible {
        /// What is wrong, and at which byte.
        public let description: String
    }

    /// What the policy looks at, and finds.
    public let explanation: PolicyExplanation
    /// What the caller is told; nil where the call is allowed.
    public let callerText: String?

    /// Explains a call by itself: nothing was counted before it.
    ///
    /// - Parameter arguments: JSON; nil for a call without arguments.
    /// - Throws: ``BadArguments``.
    public init(
        _ policy: CompiledPolicy, tool: String, arguments: [UInt8]?, caller: Caller, at now: Timestamp
    ) throws(BadArguments) {
        var tree = JSONTree()
        if let arguments {
            do {
                tree = try JSONTree(parsing: arguments)
            } catch {
                throw BadArguments(description: error.description)
            }
        }
        let call = Call(tool: tool, arguments: arguments == nil ? nil : tree.root, in: tree, caller: caller)
        explanation = policy.explain(call, now: now)
        let verdict = explanation.verdict
        callerText = verdict.verdict == .allow ? nil : verdict.callerText(tool: tool)
    }
}
