import Events

// What a session does next: greet, call, wait, think, try again.
extension SimulatedFleet {
    /// One step of a session: a greeting, or a call.
    mutating func step(_ index: Int, at time: Int64) -> Record.Body? {
        guard calls < options.calls else { return nil }
        if let method = sessions[index].greetings.popLast() { return greet(index, method, at: time) }
        switch sessions[index].purpose {
        case .intruder: return knock(index, at: time)
        case .incident(let number): return misbehave(index, incidentPlans[number], at: time)
        case .work, .bulk, .poll: return work(index, at: time)
        }
    }

    mutating func finish(_ index: Int) {
        let left = sessions[index].remaining
        if sessions[index].purpose != .poll, sessions[index].purpose != .intruder { promised -= max(0, left) }
        sessions.release(index)
    }

    /// Ordinary work: call, wait for the outcome, think; retry with back-off, or when `retry_after` is over.
    mutating func work(_ index: Int, at time: Int64) -> Record.Body? {
        let purpose = sessions[index].purpose
        if sessions[index].retries == 0 {
            guard sessions[index].remaining > 0 else {
                finish(index)
                return nil
            }
            sessions[index].remaining -= 1
            if purpose != .poll { promised -= 1 }
            switch purpose {
            case .work: sessions[index].chooseCall(of: agents[sessions[index].agent])
            case .bulk: sessions[index].chooseArguments(of: agents[sessions[index].agent])
            case .poll, .incident, .intruder: break
            }
        }
        let decision = decide(index, at: time)
        switch decision.verdict {
        case .allow:
            let outcome = makeOutcome(of: decision, index, at: time, failing: nil)
            queue.push(.outcome(outcomes.insert(outcome.value)), at: outcome.time)
            queue.push(.session(index), at: outcome.time + pause(index, after: outcome.value))
            followDeployment(index, outcome.value, at: outcome.time)
        case .throttle:
            let wait = Int64(decision.retryAfterMilliseconds ?? 0) * 1000
            let again = sessions[index].retries < 3 && wait < 300_000_000
            sessions[index].retries = again ? sessions[index].retries + 1 : 0
            queue.push(
                .session(index), at: time + (again ? wait + Int64(sessions[index].random.below(900_000)) : think(index))
            )
        case .deny, .hold:
            let again = sessions[index].retries < 2 && sessions[index].random.chance(0.3)
            sessions[index].retries = again ? sessions[index].retries + 1 : 0
            queue.push(.session(index), at: time + think(index))
        }
        return .decision(decision)
    }

    /// The pause after an outcome: the poll's own, a back-off that doubles, or thought.
    private mutating func pause(_ index: Int, after outcome: Outcome) -> Int64 {
        if sessions[index].purpose == .poll {
            return 10_000_000 + Int64(sessions[index].random.below(300_000))
        }
        guard outcome.ending != .ok, sessions[index].retries < 5, sessions[index].random.chance(0.75) else {
            sessions[index].retries = 0
            return think(index)
        }
        sessions[index].retries += 1
        return Int64(1 << sessions[index].retries) * 500_000 + Int64(sessions[index].random.below(400_000))
    }

    private mutating func think(_ index: Int) -> Int64 {
        let role = FleetRole.all[agents[sessions[index].agent].role]
        let seconds = sessions[index].purpose == .bulk ? 2.8 : role.thinkSeconds
        return Int64(sessions[index].random.logNormal(median: seconds, sigma: 0.7) * 1_000_000)
    }

    /// After a deployment an agent often watches it in a session of its own.
    private mutating func followDeployment(_ index: Int, _ outcome: Outcome, at time: Int64) {
        guard outcome.ending == .ok, outcome.tool == "deploy_service", sessions[index].random.chance(0.2) else {
            return
        }
        let calls = 8 + sessions[index].random.below(50)
        let arguments = sessions[index].random.next()
        sessionsBegun += 1
        let random = Randomness(seed: options.seed, stream: 0x9011_0000_0000 + sessionsBegun)
        var poll = FleetSession(
            agent: sessions[index].agent, purpose: .poll, remaining: calls, random: random, hasSessions: true)
        poll.tool = ToolCatalog.number("get_deployment_status")
        poll.arguments = arguments
        queue.push(.session(sessions.insert(poll)), at: time + 4_000_000)
    }
}
