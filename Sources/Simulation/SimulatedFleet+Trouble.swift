import Events

// What goes wrong on purpose.
extension SimulatedFleet {
    /// An incident's next call, which heeds neither outcomes nor limits.
    mutating func misbehave(_ index: Int, _ plan: IncidentPlan, at time: Int64) -> Record.Body? {
        guard time <= plan.end else {
            finish(index)
            return nil
        }
        if sessions[index].remaining > 0 {
            sessions[index].remaining -= 1
            promised -= 1
        }
        sessions[index].tool = plan.tool
        if sessions[index].random.chance(plan.same) {
            sessions[index].arguments = mixed(UInt64(plan.agent) &+ options.seed)
        } else {
            sessions[index].arguments = sessions[index].random.next()
        }
        let decision = decide(index, at: time)
        if decision.verdict == .allow {
            let isBuild = plan.incident.kind == .runaway || plan.incident.kind == .modelLoop
            let outcome = makeOutcome(of: decision, index, at: time, failing: isBuild ? 0.9 : nil)
            queue.push(.outcome(outcomes.insert(outcome.value)), at: outcome.time)
        }
        // The mean of a log-normal is e^(σ²/2) times its median.
        let median = plan.gap / exponential(plan.sigma * plan.sigma / 2)
        let gap = sessions[index].random.logNormal(median: median, sigma: plan.sigma)
        queue.push(.session(index), at: time + Int64(gap))
        return .decision(decision)
    }

    /// A request without a valid token, refused before anything is read of it.
    mutating func knock(_ index: Int, at time: Int64) -> Record.Body? {
        guard sessions[index].remaining > 0 else {
            finish(index)
            return nil
        }
        sessions[index].remaining -= 1
        var decision = Decision(
            gateway: options.gateway, identity: .unresolved, server: ToolCatalog.tools[0].server, transport: .http,
            method: "-", verdict: .deny, mode: .enforce, reason: .identityUnresolved)
        decision.peer = "203.0.113.\(2 + sessionsBegun % 200)"
        decision.decideMicroseconds = 2 + sessions[index].random.below(6)
        queue.push(.session(index), at: time + Int64(sessions[index].random.uniform(0.2...4) * 1_000_000))
        return .decision(decision)
    }
}
