public import Events

/// A seeded fleet of agents over four weeks, as the records that a gateway would have written.
///
/// Records come one at a time and in order; memory holds only what is going on. Equal options give equal records on every
/// machine: all arithmetic is integers and + − × ÷.
public struct SimulatedFleet: Sendable {
    let options: FleetOptions
    let agents: [FleetAgent]
    private let plan: HourPlan
    let incidentPlans: [IncidentPlan]
    let rules: [ToolRule]
    var queue = EventQueue()
    var sessions = Slots<FleetSession>()
    var outcomes = Slots<Outcome>()
    var counters: SlidingCounters
    private var random: Randomness
    var sessionsBegun: UInt64 = 0
    /// Calls that open sessions and incidents to come have still to make.
    var promised: Int
    /// The next record's `seq`.
    public private(set) var nextSeq: UInt64
    /// `tools/call` decisions made so far.
    public internal(set) var calls = 0

    /// Prepares a fleet; nothing is generated before `next()` asks for it.
    public init(_ options: FleetOptions) {
        self.options = options
        // Beyond 600,000 calls the fleet grows rather than each agent work day and night.
        agents = FleetAgent.fleet(seed: options.seed, size: max(1, Double(options.calls) / 600_000))
        incidentPlans = IncidentPlanner.plan(options, agents: agents)
        promised = incidentPlans.reduce(0) { $0 + $1.calls }
        plan = HourPlan(agents: agents, calls: Double(options.calls - promised))
        rules = ToolCatalog.tools.map(ToolRule.init)
        counters = SlidingCounters(grants: agents.count)
        random = Randomness(seed: options.seed, stream: 0xF1EE7)
        nextSeq = options.startingSeq
        if options.calls > 0 { queue.push(.hour(0), at: 0) }
        for (index, plan) in incidentPlans.enumerated() where options.calls > 0 {
            begin(.incident(index), agent: plan.agent, calls: plan.calls, at: plan.start)
        }
    }

    /// The incidents, in order of their start.
    public var incidents: [Incident] {
        incidentPlans.map(\.incident)
    }

    /// The next record, nil at the end.
    public mutating func next() -> (timestamp: Timestamp, body: Record.Body)? {
        while let (time, event) = queue.pop() {
            let body: Record.Body? =
                switch event {
                case .hour(let hour): begin(hour: hour, at: time)
                case .session(let index): step(index, at: time)
                case .outcome(let index): end(index)
                }
            guard let body else { continue }
            nextSeq += 1
            return (options.start.advanced(by: time), body)
        }
        return nil
    }

    // MARK: - Hours and sessions

    /// Plans the sessions that begin in an hour.
    private mutating func begin(hour: Int, at time: Int64) -> Record.Body? {
        guard calls < options.calls else { return nil }
        queue.push(.hour(hour + 1), at: time + 3_600_000_000)
        let scale = plan.scale(hour: hour, calls: Double(options.calls - calls - promised))
        for (index, agent) in agents.enumerated() {
            let role = FleetRole.all[agent.role]
            let count = random.poisson(agent.sessions(inHour: hour) * scale)
            for _ in 0..<count {
                var offset = Int64(random.below(3_600_000_000))
                if case .hourly = role.hours { offset = Int64(agent.minute) * 60_000_000 + offset / 90 }
                let isBulk = random.chance(role.bulkShare)
                let median = isBulk ? 40 : role.medianCalls
                let length = random.logNormal(median: median, sigma: isBulk ? 0.5 : role.callsSigma)
                begin(isBulk ? .bulk : .work, agent: index, calls: min(max(Int(length), 1), 300), at: time + offset)
            }
        }
        if random.chance(0.02) {
            let offset = Int64(random.below(3_000_000_000))
            begin(.intruder, agent: 0, calls: 3 + random.below(20), at: time + offset)
        }
        return nil
    }

    mutating func begin(_ purpose: FleetSession.Purpose, agent: Int, calls: Int, at time: Int64) {
        sessionsBegun += 1
        let random = Randomness(seed: options.seed, stream: 0x5E55_0000_0000 + sessionsBegun)
        // The 2026-07-28 revision has no protocol sessions.
        let role = FleetRole.all[agents[agent].role]
        var session = FleetSession(
            agent: agent, purpose: purpose, remaining: calls, random: random,
            hasSessions: role.protocolRevision < "2026")
        session.tool = role.tools[0].number
        if case .work = purpose { promised += calls }
        if case .bulk = purpose { promised += calls }
        queue.push(.session(sessions.insert(session)), at: time)
    }
}
