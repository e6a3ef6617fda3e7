public import Events

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
        decide(examine(call), counters: &counters, now: now)
    }

    /// Decides a call that this policy has examined; takes well under a microsecond.
    ///
    /// - Parameters:
    ///   - counters: mutated under the caller's lock.
    ///   - now: the record's `ts`.
    public func decide(_ call: Examination, counters: inout LimitCounters, now: Timestamp) -> PolicyVerdict {
        var result = decide(call, &counters, now)
        result.facts = call.facts
        result.recordedArguments = call.recordedArguments
        result.policy = name
        result.policyDigest = digest
        return result
    }

    /// Decides a recorded call again, from its facts and cost alone.
    ///
    /// - Returns: what the policy decided if it was this one; nil where the record's facts are not this policy's.
    public func redecide(_ recorded: RecordedCall, counters: inout LimitCounters) -> PolicyVerdict? {
        let call = recorded.reservation
        let tool = tool(call.tool)
        var denial = CompiledPolicy.denial(by: tool.standing)
        if denial == nil {
            let facts = Array((recorded.facts ?? "").utf8)
            let shared = allTools.conditions.count
            guard facts.count == shared + tool.rules.conditions.count else { return nil }
            denial =
                allTools.firstDenial(RecordedFacts(facts: facts[..<shared]))
                ?? tool.rules.firstDenial(RecordedFacts(facts: facts[shared...]))
        }
        let examination = Examination(
            caller: call.caller, tool: tool, denial: denial,
            cost: Cost(recorded: call.cost, allTools, tool.rules), facts: recorded.facts, recordedArguments: nil,
            brake: recorded.brake)
        return decide(examination, counters: &counters, now: call.at)
    }

    private func decide(_ call: Examination, _ counters: inout LimitCounters, _ now: Timestamp) -> PolicyVerdict {
        let mode = call.tool.mode
        if let denial = call.denial {
            return PolicyVerdict(.deny, mode: mode, reason: denial.reason, rule: denial.rule, message: denial.message)
        }
        let moment = counters.advance(to: now)
        if let verdict = verdict(of: call.brake, mode, at: moment) { return verdict }
        if case .unusable(let limit, let path) = call.cost {
            return PolicyVerdict(
                .deny, mode: mode, reason: .typeMismatch, rule: limit,
                message: "\(path) must be given once, as a whole number from 0.")
        }
        let shared = allTools.limits
        let own = call.tool.rules.limits
        let cost = call.cost.value
        var result: PolicyVerdict
        switch counters.admit(shared, own, caller: call.caller, cost: cost ?? 0, at: moment) {
        case .admitted(let reading):
            result = PolicyVerdict(.allow, mode: mode, reason: .allowed)
            result.limit = reading
        case .refused(let refusal):
            let limit = refusal.limit < shared.count ? shared[refusal.limit] : own[refusal.limit - shared.count]
            result = CompiledPolicy.verdict(of: refusal, limit, mode, at: moment)
        }
        result.cost = cost.map { Int($0) }
        return result
    }

    private static func verdict(
        of refusal: LimitRefusal, _ limit: CompiledLimit, _ mode: Mode, at now: Int64
    ) -> PolicyVerdict {
        var result: PolicyVerdict
        switch refusal.cause {
        case .full, .never:
            result = PolicyVerdict(
                refusal.cause == .full ? .throttle : .deny, mode: mode, reason: .limit, rule: limit.id,
                message: limit.message)
            result.explanation = limit.explanation
            result.limit = limit.reading(used: refusal.used)
        case .unidentified:
            result = PolicyVerdict(
                .deny, mode: mode, reason: .identityUnresolved, rule: limit.id, message: "The caller is not known.")
        case .noRoom:
            result = PolicyVerdict(
                .throttle, mode: mode, reason: .overloaded, rule: limit.id,
                message: "Too many callers are counted at once.")
        }
        result.retryAfterMilliseconds = refusal.retryAt.map { milliseconds($0 - now) }
        return result
    }

    private func verdict(of engaged: EngagedBrake?, _ mode: Mode, at now: Int64) -> PolicyVerdict? {
        guard let engaged, let brake = document.brake, brake.applies(to: engaged.rule) else { return nil }
        guard engaged.until.microseconds > now else { return nil }
        var result = PolicyVerdict(
            brake.action == .throttle ? .throttle : .deny, mode: mode, reason: .brake, rule: RuleID.brake(engaged.rule),
            message: "Calls of this tool are suspended for this grant after an alert.")
        result.retryAfterMilliseconds = CompiledPolicy.milliseconds(engaged.until.microseconds - now)
        return result
    }

    private static func milliseconds(_ microseconds: Int64) -> Int {
        Int((max(1, microseconds) + 999) / 1000)
    }
}
