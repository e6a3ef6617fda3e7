import Events
import StrictJSON

/// What a policy finds in a call before it counts anything: the part of a decision that needs no lock.
public struct Examination: Sendable {
    /// Who called.
    public let caller: Caller
    let tool: CompiledPolicy.Tool
    /// A verdict that no limit can change.
    let denial: RuleSet.Denial?
    let cost: Cost
    let facts: String?
    let recordedArguments: [String]?
    let brake: EngagedBrake?
    let approval: ApprovalStanding
}

extension CompiledPolicy {
    /// Looks at a call's tool and arguments, however long that takes; changes nothing.
    ///
    /// ``decide(_:brake:counters:now:)`` turns the result into a verdict, under the lock of the counters.
    public func examine(_ call: Call) -> Examination {
        let tool = tool(call.tool)
        let own = tool.rules
        if let denial = CompiledPolicy.denial(by: tool.standing, call) {
            return Examination(
                caller: call.caller, tool: tool, denial: denial, cost: .none, facts: nil, recordedArguments: nil,
                brake: nil, approval: call.approval)
        }
        let sharedCount = allTools.paths.count
        let count = sharedCount + own.paths.count
        return withUnsafeTemporaryAllocation(of: Resolution.self, capacity: count) { values in
            values.initialize(repeating: .missing)
            let sharedValues = UnsafeMutableBufferPointer(rebasing: values[..<sharedCount])
            let ownValues = UnsafeMutableBufferPointer(rebasing: values[sharedCount...])
            if let arguments = call.arguments {
                if !allTools.paths.isEmpty { allTools.paths.resolve(arguments, in: call.tree, into: sharedValues) }
                if !own.paths.isEmpty { own.paths.resolve(arguments, in: call.tree, into: ownValues) }
            }
            let (denial, facts) = look(own, call.tree, sharedValues, ownValues)
            return Examination(
                caller: call.caller, tool: tool, denial: denial,
                cost: Cost(allTools, own, call.tree, shared: sharedValues, own: ownValues), facts: facts,
                recordedArguments: own.recorded(in: call.tree, ownValues), brake: call.brake,
                approval: call.approval)
        }
    }

    /// Looks at the rules, those of all tools first, until one denies.
    private func look(
        _ own: RuleSet, _ tree: JSONTree, _ sharedValues: UnsafeMutableBufferPointer<Resolution>,
        _ ownValues: UnsafeMutableBufferPointer<Resolution>
    ) -> (denial: RuleSet.Denial?, facts: String?) {
        let shared = allTools.conditions.count
        let count = shared + own.conditions.count
        guard allTools.spans.count + own.spans.count > 0 else { return (nil, nil) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(1, count)) { facts in
            facts.initialize(repeating: Fact.unseen.rawValue)
            let sharedFacts = UnsafeMutableBufferPointer(rebasing: facts[..<shared])
            let ownFacts = UnsafeMutableBufferPointer(rebasing: facts[shared...])
            let denial =
                allTools.firstDenial(LiveFacts(tree: tree, values: sharedValues, facts: sharedFacts))
                ?? own.firstDenial(LiveFacts(tree: tree, values: ownValues, facts: ownFacts))
            return (denial, count == 0 ? nil : String(decoding: facts[..<count], as: UTF8.self))
        }
    }

    /// What needs no look at any rule.
    private static func denial(by standing: ToolStanding, _ call: Call) -> RuleSet.Denial? {
        if let denial = denial(by: standing) { return denial }
        guard let arguments = call.arguments, call.tree.kind(arguments) != .object else { return nil }
        return RuleSet.Denial(reason: .malformed, rule: nil, message: "The arguments are not an object.")
    }

    static func denial(by standing: ToolStanding) -> RuleSet.Denial? {
        switch standing {
        case .open: nil
        case .hidden:
            RuleSet.Denial(reason: .hidden, rule: RuleID.hidden, message: "This tool is not available.")
        case .unlisted:
            RuleSet.Denial(
                reason: .defaultDeny, rule: RuleID.defaultDeny,
                message: "This policy denies every tool that it does not list.")
        }
    }
}
