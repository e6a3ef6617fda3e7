public import Events

extension CompiledPolicy {
    /// Decides a call, and counts it in its limits where it is allowed.
    ///
    /// In this order: hidden, not listed, `require` and `deny_if` (those of all tools first), the brake, then all
    /// limits in one step. The first that denies is the rule that is named. A call that is not allowed counts
    /// nowhere, also where the mode is shadow and it passes. One that a person has to approve is held where nothing
    /// denies it, its limits looked at without counting; decided again once approved, it counts.
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
    ///   - brake: the brake that is on by now; nil leaves it to the one that was on when the call was examined.
    ///   - counters: mutated under the caller's lock.
    ///   - now: the record's `ts`.
    public func decide(
        _ call: Examination, brake: EngagedBrake? = nil, counters: inout LimitCounters, now: Timestamp
    ) -> PolicyVerdict {
        // Filled in where it is: it has a dozen fields, and is not copied.
        var result = PolicyVerdict(.allow, mode: call.tool.mode, reason: .allowed)
        judge(call, brake ?? call.brake, &counters, now, &result)
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
            brake: recorded.brake, approval: recorded.approval)
        return decide(examination, counters: &counters, now: call.at)
    }

    private func judge(
        _ call: Examination, _ brake: EngagedBrake?, _ counters: inout LimitCounters, _ now: Timestamp,
        _ result: inout PolicyVerdict
    ) {
        if let denial = call.denial {
            return result.refuse(.deny, denial.reason, rule: denial.rule, message: denial.message)
        }
        let moment = counters.advance(to: now)
        if isBraked(brake, at: moment, &result) { return }
        if case .unusable(let limit, let path) = call.cost {
            return result.refuse(
                .deny, .typeMismatch, rule: limit, message: "\(path) must be given once, as a whole number from 0.")
        }
        let shared = allTools.limits
        let own = call.tool.rules.limits
        let cost = call.cost.value
        let isApproved = call.approval.isApproved
        let need = isApproved ? nil : call.tool.approval
        switch counters.admit(shared, own, caller: call.caller, cost: cost ?? 0, at: moment, counting: need == nil) {
        case .admitted(let reading):
            if let need { result.hold(need, isFull: call.approval == .full) } else { result.limit = reading }
            if isApproved, let need = call.tool.approval {
                (result.reason, result.rule, result.message) = (.approved, need.rule, call.approval.message)
            }
        case .refused(let refusal):
            let limit = refusal.limit < shared.count ? shared[refusal.limit] : own[refusal.limit - shared.count]
            CompiledPolicy.judge(refusal, limit, at: moment, &result)
        }
        result.cost = cost.map { Int($0) }
    }

    private static func judge(
        _ refusal: LimitRefusal, _ limit: CompiledLimit, at now: Int64, _ result: inout PolicyVerdict
    ) {
        switch refusal.cause {
        case .full, .never:
            result.refuse(
                refusal.cause == .full ? .throttle : .deny, .limit, rule: limit.id, message: limit.message)
            result.explanation = limit.explanation
            result.limit = limit.reading(used: refusal.used)
        case .unidentified:
            result.refuse(.deny, .identityUnresolved, rule: limit.id, message: "The caller is not known.")
        case .noRoom:
            result.refuse(.throttle, .overloaded, rule: limit.id, message: "Too many callers are counted at once.")
        }
        result.retryAfterMilliseconds = refusal.retryAt.map { milliseconds($0 - now) }
    }

    static func milliseconds(_ microseconds: Int64) -> Int {
        Int((max(1, microseconds) + 999) / 1000)
    }
}
