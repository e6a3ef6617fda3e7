public import Events
import StrictJSON

extension CompiledPolicy {
    /// Decides a call, and counts it in its limits where it is allowed.
    ///
    /// In this order: hidden, not listed, `require` and `deny_if` (those of all tools first), the brake, then all
    /// limits in one step. The first that denies is the rule that is named. A call that is not allowed counts
    /// nowhere, also where the mode is shadow and it passes.
    ///
    /// - Parameters:
    ///   - counters: mutated under the caller's lock.
    ///   - now: the record's `ts`.
    public func decide(_ call: Call, counters: inout LimitCounters, now: Timestamp) -> PolicyVerdict {
        let tool = tool(call.tool)
        if let verdict = refusal(by: tool) { return verdict }
        if let arguments = call.arguments, call.tree.kind(arguments) != .object {
            return verdict(.deny, .malformed, tool, message: "The arguments are not an object.")
        }
        let own = tool.rules
        return withUnsafeTemporaryAllocation(of: Resolution.self, capacity: allTools.paths.count + own.paths.count) {
            values in
            values.initialize(repeating: .missing)
            let sharedValues = UnsafeMutableBufferPointer(rebasing: values[..<allTools.paths.count])
            let ownValues = UnsafeMutableBufferPointer(rebasing: values[allTools.paths.count...])
            if let arguments = call.arguments {
                if !allTools.paths.isEmpty { allTools.paths.resolve(arguments, in: call.tree, into: sharedValues) }
                if !own.paths.isEmpty { own.paths.resolve(arguments, in: call.tree, into: ownValues) }
            }
            let seen = LiveFacts.look(allTools, own, call.tree, sharedValues, ownValues)
            let cost = Cost(allTools, own, call.tree, sharedValues, ownValues)
            var result = decide(
                tool, call.caller, seen.denial, cost: cost, brake: call.brake, counters: &counters, now: now)
            result.facts = seen.facts
            result.recordedArguments = own.recorded(in: call.tree, ownValues)
            return result
        }
    }

    /// Decides a recorded call again, from its facts and cost alone.
    ///
    /// - Returns: what the policy decided if it was this one; nil where the record's facts are not this policy's.
    public func redecide(_ recorded: RecordedCall, counters: inout LimitCounters) -> PolicyVerdict? {
        let call = recorded.reservation
        let tool = tool(call.tool)
        if let verdict = refusal(by: tool) { return verdict }
        let facts = Array((recorded.facts ?? "").utf8)
        guard facts.count == allTools.factCount + tool.rules.factCount else { return nil }
        var source = RecordedFacts(facts: facts)
        let denial =
            allTools.firstDenial(&source, firstFact: 0)
            ?? tool.rules.firstDenial(&source, firstFact: allTools.factCount)
        let cost = Cost(recorded: call.cost, allTools, tool.rules)
        var result = decide(
            tool, call.caller, denial, cost: cost, brake: recorded.brake, counters: &counters, now: call.at)
        result.facts = recorded.facts
        return result
    }

    // MARK: Steps

    private func refusal(by tool: Tool) -> PolicyVerdict? {
        switch tool.standing {
        case .open: nil
        case .hidden:
            verdict(.deny, .hidden, tool, rule: RuleID.hidden, message: "This tool is not available.")
        case .unlisted:
            verdict(
                .deny, .defaultDeny, tool, rule: RuleID.defaultDeny,
                message: "This policy denies every tool that it does not list.")
        }
    }

    private func decide(
        _ tool: Tool, _ caller: Caller, _ denial: RuleSet.Denial?, cost: Cost, brake: EngagedBrake?,
        counters: inout LimitCounters, now: Timestamp
    ) -> PolicyVerdict {
        if let denial {
            let isMismatch = denial.mismatch != nil
            let reason: Reason = isMismatch ? .typeMismatch : denial.rule.kind == .require ? .require : .denyIf
            return verdict(
                .deny, reason, tool, rule: denial.rule.id,
                message: denial.mismatch?.mismatchMessage ?? denial.rule.message)
        }
        let moment = counters.advance(to: now)
        if let verdict = verdict(of: brake, tool, at: moment) { return verdict }
        if case .unusable(let limit, let path) = cost {
            return verdict(
                .deny, .typeMismatch, tool, rule: limit,
                message: "\(path) must be given once, as a whole number from 0.")
        }
        let own = tool.rules.limits
        var result: PolicyVerdict
        switch counters.admit(allTools.limits, own, caller: caller, cost: cost.value ?? 0, at: moment) {
        case .admitted(let reading):
            result = verdict(.allow, .allowed, tool)
            result.limit = reading
        case .refused(let refusal):
            let shared = allTools.limits
            let limit = refusal.limit < shared.count ? shared[refusal.limit] : own[refusal.limit - shared.count]
            result = verdict(of: refusal, limit, tool, at: moment)
        }
        result.cost = cost.value.map { Int($0) }
        return result
    }

    private func verdict(of refusal: LimitRefusal, _ limit: CompiledLimit, _ tool: Tool, at now: Int64) -> PolicyVerdict
    {
        var result: PolicyVerdict
        switch refusal.cause {
        case .full, .never:
            result = verdict(
                refusal.cause == .full ? .throttle : .deny, .limit, tool, rule: limit.id, message: limit.message)
            result.explanation = limit.explanation
            result.limit = limit.reading(used: refusal.used)
        case .unidentified:
            result = verdict(
                .deny, .identityUnresolved, tool, rule: limit.id,
                message: "The caller is not known.")
        case .noRoom:
            result = verdict(
                .throttle, .overloaded, tool, rule: limit.id, message: "Too many callers are counted at once.")
        }
        result.retryAfterMilliseconds = refusal.retryAt.map { CompiledPolicy.milliseconds($0 - now) }
        return result
    }

    private func verdict(of engaged: EngagedBrake?, _ tool: Tool, at now: Int64) -> PolicyVerdict? {
        guard let engaged, let brake = document.brake, brake.applies(to: engaged.rule) else { return nil }
        guard engaged.until.microseconds > now else { return nil }
        var result = verdict(
            brake.action == .throttle ? .throttle : .deny, .brake, tool, rule: RuleID.brake(engaged.rule),
            message: "Calls of this tool are suspended for this grant after an alert.")
        result.retryAfterMilliseconds = CompiledPolicy.milliseconds(engaged.until.microseconds - now)
        return result
    }

    private static func milliseconds(_ microseconds: Int64) -> Int {
        Int((max(1, microseconds) + 999) / 1000)
    }

    private func verdict(
        _ verdict: Verdict, _ reason: Reason, _ tool: Tool, rule: String? = nil, message: String? = nil
    ) -> PolicyVerdict {
        var result = PolicyVerdict(verdict, mode: tool.mode, reason: reason, rule: rule, message: message)
        result.policy = name
        result.policyDigest = digest
        return result
    }
}
