import Events

// The records of what sessions do, field for field as a gateway writes them.
extension SimulatedFleet {
    /// A session's opening request: passed, and not waited for.
    mutating func greet(_ index: Int, _ method: String, at time: Int64) -> Record.Body? {
        var decision = makeDecision(index, method: method)
        decision.decideMicroseconds = 2 + sessions[index].random.below(5)
        var outcome = Outcome(of: nextSeq, ending: .ok)
        outcome.agent = decision.agent
        outcome.server = decision.server
        outcome.method = method
        let latency = sessions[index].random.logNormal(median: 9000, sigma: 0.5)
        outcome.upstreamMicroseconds = Int(latency)
        outcome.gatewayMicroseconds = 20 + sessions[index].random.below(40)
        outcome.resultBytes = method == "initialize" ? 412 : 9000
        queue.push(.outcome(outcomes.insert(outcome)), at: time + Int64(latency))
        queue.push(.session(index), at: time + Int64(latency) + 30_000 + Int64(sessions[index].random.below(200_000)))
        return .decision(decision)
    }

    private mutating func makeDecision(_ index: Int, method: String) -> Decision {
        let agent = agents[sessions[index].agent]
        let role = FleetRole.all[agent.role]
        let server = ToolCatalog.tools[sessions[index].tool].server
        sessions[index].connect(to: server)
        var decision = Decision(
            gateway: options.gateway, identity: .grant, server: server, transport: .http, method: method,
            verdict: .allow,
            mode: .enforce, reason: .allowed)
        decision.agent = agent.name
        decision.grant = agent.grant
        decision.peer = agent.peer
        decision.session = sessions[index].id
        decision.client = role.client
        decision.protocolRevision = role.protocolRevision
        decision.rpcID = String(sessions[index].requests)
        decision.policy = FleetPolicy.name
        decision.policyDigest = options.policyDigest
        return decision
    }

    /// Decides a session's current call as the gateway would: hidden, not named, denied, limited, in this order.
    mutating func decide(_ index: Int, at time: Int64) -> Decision {
        let number = sessions[index].tool
        let tool = ToolCatalog.tools[number]
        let rule = rules[number]
        var decision = makeDecision(index, method: "tools/call")
        calls += 1
        let digest = mixed(sessions[index].arguments ^ tool.digest.value)
        decision.tool = tool.name
        decision.toolDigest = tool.digest
        decision.risk = tool.risk
        decision.argumentKeys = tool.keys
        decision.argumentDigest = Digest64(digest)
        decision.argumentBytes = max(2, tool.argumentBytes * Int(60 + digest % 90) / 100)
        decision.decideMicroseconds = 3 + Int(mixed(digest &+ nextSeq) % 14)
        switch rule.standing {
        case .hidden: decision.refuse(.hidden, rule: "(hidden)", message: "This tool is not available.")
        case .unnamed: decision.refuse(.defaultDeny, rule: "(default deny)", message: FleetPolicy.unnamedMessage)
        case .named: apply(rule, to: &decision, grant: sessions[index].agent, at: time)
        }
        return decision
    }

    private mutating func apply(_ rule: ToolRule, to decision: inout Decision, grant: Int, at time: Int64) {
        if rule.hasCondition {
            let isTooMuch = (decision.argumentDigest?.value ?? 0) % 100 < 15
            decision.facts = isTooMuch ? "1" : "0"
            if isTooMuch {
                decision.refuse(.denyIf, rule: FleetPolicy.refundRule, message: FleetPolicy.refundMessage)
                return
            }
        }
        guard let index = rule.limit else { return }
        let limit = FleetPolicy.limits[index]
        let (used, wait) = counters.admit(limit: index, grant: grant, at: options.start.microseconds + time)
        decision.limit = LimitReading(
            counter: limit.counter, windowSeconds: limit.windowSeconds, maximum: limit.maximum, used: used)
        guard let wait else { return }
        decision.verdict = .throttle
        decision.reason = .limit
        decision.rule = limit.rule
        decision.message = limit.message
        decision.retryAfterMilliseconds = Int((wait + 999) / 1000)
    }

    /// How an allowed call will end, and when.
    mutating func makeOutcome(
        of decision: Decision, _ index: Int, at time: Int64, failing share: Double?
    ) -> (value: Outcome, time: Int64) {
        let tool = ToolCatalog.tools[sessions[index].tool]
        var outcome = Outcome(of: nextSeq, ending: .ok)
        outcome.agent = decision.agent
        outcome.server = decision.server
        outcome.tool = decision.tool
        outcome.method = decision.method
        outcome.reservation = decision.limit == nil ? nil : .committed
        var latency = sessions[index].random.logNormal(median: tool.latency, sigma: 0.45)
        let luck = sessions[index].random.unit()
        let errors = share ?? tool.errors
        if luck < errors {
            outcome.ending = .toolError
            // What is refused by validation is refused at once.
            latency = sessions[index].random.logNormal(median: min(tool.latency, 240_000), sigma: 0.3)
        } else if luck < errors + 0.002 {
            outcome.ending = .rpcError
            outcome.code = -32_603
        } else if luck < errors + 0.003 {
            outcome.ending = .timeout
            latency = 60_000_000
        }
        outcome.upstreamMicroseconds = Int(latency)
        outcome.gatewayMicroseconds = 22 + sessions[index].random.below(60)
        if outcome.ending == .ok || outcome.ending == .toolError {
            let isStable = tool.risk == .read || outcome.ending == .toolError
            // What is read again within the hour is mostly unchanged.
            let version = isStable ? UInt64(time / 3_600_000_000) : nextSeq
            let digest = mixed((decision.argumentDigest?.value ?? 0) &+ version &* 0x9E37_79B9)
            let bytes = outcome.ending == .ok ? tool.resultBytes : 180
            outcome.resultBytes = max(12, bytes * Int(50 + digest % 110) / 100)
            outcome.resultDigest = Digest64(digest)
        }
        return (outcome, time + Int64(latency) + Int64(outcome.gatewayMicroseconds ?? 0))
    }

    mutating func end(_ index: Int) -> Record.Body? {
        defer { outcomes.release(index) }
        return .outcome(outcomes[index])
    }
}

extension Decision {
    fileprivate mutating func refuse(_ reason: Reason, rule: String, message: String) {
        verdict = .deny
        self.reason = reason
        self.rule = rule
        self.message = message
    }
}
